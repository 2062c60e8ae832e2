import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLine } from "../../src/sink/json-text.ts";
import { runs } from "../support/run-length.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (body: Uint8Array): unknown =>
  JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
const isJson = (body: Uint8Array): boolean => {
  try {
    parse(body);
    return true;
  } catch {
    return false;
  }
};

const json = fc.json({ stringUnit: "binary" });
/** JSON with a few bytes changed, removed or added where they hurt. */
const nearlyJson = fc
  .tuple(
    json,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:\\ \n\t0123.eE+-ntfu/', "\u0000", "é", "\u{1f600}", "")), {
      maxLength: 4,
    }),
  )
  .map(([text, edits]) => {
    let edited = text;
    for (const [at, piece] of edits) {
      const i = at % (edited.length + 1);
      edited = edited.slice(0, i) + piece + edited.slice(i + (at % 2));
    }
    return bytes(edited);
  });

describe("a line of an object", () => {
  it("is there for exactly those values that are JSON texts", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.uint8Array({ maxLength: 12 })), (body) => {
        expect(jsonLine(body) !== undefined).toBe(isJson(body));
      }),
      runs(5000),
    );
  });

  it("means what the value means, and has no newline and no space between its tokens", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t", "  "), (value, indent) => {
        const body = bytes(JSON.stringify(value, null, indent));
        const line = jsonLine(body);
        expect(Buffer.from(line as Uint8Array).toString()).toBe(JSON.stringify(value));
      }),
      runs(),
    );
  });

  it("is the very bytes of a value that is compact, whatever its numbers and escapes look like", () => {
    for (const text of [
      '{"a":1.50,"b":12345678901234567890,"c":"\\/\\u00e9\\n","a":2}',
      '"\\ud800"',
      "1E+2",
      "-0",
      '"  "',
      "[]",
      "{}",
      '{"title":"Åse’s “best” \\n idea","tags":[1,2.5,-3e9,null,true,{"a":[]}],"ascii":"\\u00c5se \\ud83d\\uDE00"}',
    ]) {
      const body = bytes(text);
      expect(Buffer.from(jsonLine(body) as Uint8Array).toString()).toBe(text);
    }
  });

  it("is refused to what a quick look might take for JSON", () => {
    for (const text of [
      "",
      " ",
      "01",
      "1.",
      "-",
      "[1,]",
      '{"a":1,}',
      '{"a"}',
      "{1:2}",
      '"a',
      "nul",
      "[1]]",
      "\ufeff1",
      "NaN",
      "'a'",
      '{"a":1]',
      "1 2",
      '["a" "b"]',
      "+1",
      ".5",
      "1e",
    ])
      expect(jsonLine(bytes(text)), text).toBeUndefined();
    expect(jsonLine(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
    expect(jsonLine(bytes('"\u0001"'))).toBeUndefined();
  });

  it("survives nesting of any depth", () => {
    const deep = (inside: string) => bytes(`${"[".repeat(5000)}${inside}${"]".repeat(5000)}`);
    expect(jsonLine(deep(""))).toEqual(Buffer.from(deep("")));
    expect(jsonLine(deep(' "\\ud800 \\\\" , 1 '))).toEqual(Buffer.from(deep('"\\ud800 \\\\",1')));
    expect(jsonLine(bytes("[".repeat(500_000)))).toBeUndefined();
  });
});
