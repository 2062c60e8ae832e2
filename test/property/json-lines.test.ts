import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanJsonLines, type UnusualLine } from "../../src/json/json-lines.ts";
import { runs } from "../support/run-length.ts";

const lineOf = (found: UnusualLine, text: Buffer) => text.toString("utf8", found.start, found.end);

/** What the scanner is to say, by JSON.parse. */
function expected(text: Buffer) {
  const unusual: UnusualLine[] = [];
  let lines = 0;
  for (let start = 0; start < text.length; lines++) {
    const newline = text.indexOf(10, start);
    const end = newline < 0 ? text.length : newline;
    const kind = kindOf(text.subarray(start, end));
    if (kind !== "plain") unusual.push({ line: lines, start, end, strict: kind === "nested" });
    start = end + 1;
  }
  return { lines, unusual };
}

function kindOf(line: Buffer): "plain" | "nested" | "wrong" {
  const text = line.toString();
  if (!Buffer.from(text).equals(line) || !/^\{.*\}\r?$/s.test(text)) return "wrong";
  try {
    JSON.parse(text);
  } catch {
    return "wrong";
  }
  const names: string[] = [];
  let depth = 0;
  let nested = false;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g) ?? [];
  for (const [i, token] of tokens.entries()) {
    if (token === "{" || token === "[") nested = depth++ > 0 || nested;
    else if (token === "}" || token === "]") depth--;
    else if (token !== ":" && !(JSON.parse(token) as string).isWellFormed()) return "wrong";
    else if (token !== ":" && depth === 1 && tokens[i + 1] === ":") names.push(token);
  }
  if (new Set(names).size < names.length || names.some((name) => name.includes("\\"))) return "wrong";
  return nested ? "nested" : "plain";
}

const value = fc.oneof(
  fc.json({ stringUnit: "binary", maxDepth: 2 }).filter((text) => JSON.stringify(JSON.parse(text)).isWellFormed()),
  fc.constantFrom(
    "1.50",
    "-0",
    "-0.0",
    "1e5",
    "12345678901234567890",
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"a\\"b:{"',
    "NaN",
    "01",
  ),
);
const name = fc.constantFrom("a", "b", "index", "longer than eight", "\\u0061", "é", "", "__proto__", "x".repeat(40));
const member = fc.tuple(name, fc.constantFrom(":", " : ", ":\t"), value).map(([n, colon, v]) => `"${n}"${colon}${v}`);
const object = fc
  .tuple(fc.array(member, { maxLength: 4 }), fc.constantFrom(",", " , ", ",\r"))
  .map(([members, comma]) => `{${members.join(comma)}}`);
/** A byte changed, added or removed. */
const damaged = fc
  .tuple(object, fc.nat(), fc.constantFrom(...'{}[]",:\\ \r\n0-.e'.split(""), "\u0000", "\u0001", ""), fc.nat(1))
  .map(([text, at, piece, cut]) => {
    const i = at % (text.length + 1);
    return text.slice(0, i) + piece + text.slice(i + cut);
  });
const line = fc.oneof(
  { weight: 4, arbitrary: object.map((text) => Buffer.from(text)) },
  damaged.map((text) => Buffer.from(text)),
  fc
    .constantFrom("", " ", "[]", "null", '{"a":1}\r', ' {"a":1}', '{"a":1} ', '{"a":1}{"b":2}', "\ufeff{}")
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from([0x7b, 0x22, ...bytes, 0x22, 0x3a, 0x31, 0x7d])),
);
const newline = Buffer.from("\n");
const file = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
  .map(([lines, ended]) =>
    Buffer.concat(lines.flatMap((each, i) => (i < lines.length - 1 || ended ? [each, newline] : [each]))),
  );

describe("the scanner of lines", () => {
  it("finds every line that is not a strict object, and no other, as JSON.parse sees it", () => {
    fc.assert(
      fc.property(file, (text) => {
        const { lines, unusual } = scanJsonLines(text);
        expect({ lines, unusual }).toEqual(expected(text));
      }),
      runs(3000),
    );
  });

  it("says so when a number may be written in another way, wherever it stands", () => {
    for (const number of ["1.5", "0.0", "-0", "-0.0", "1e5", "1E-2", "[1,2.0]", '{"b":-0}'])
      expect(scanJsonLines(Buffer.from(`{"a":1}\n{"a":${number}}\n`)).respelled, number).toBe(true);
    for (const number of ["15", "0", "-10", "-1", '"1.5"', '"-0 e5"', "12345678901234567890123", '["1.0"]'])
      expect(scanJsonLines(Buffer.from(`{"a":1}\n{"a":${number}}\n`)).respelled, number).toBe(false);
  });

  it("sees each byte at each place of a line as JSON.parse does", () => {
    const whole = Buffer.from('{"ab":"c\\u00e9\\n","d":[-1.5e3,true]}');
    for (let at = 0; at < whole.length; at++) {
      const lines = Array.from({ length: 256 }, (_, byte) => Buffer.from(whole.with(at, byte)));
      const text = Buffer.concat(lines.flatMap((each) => [each, newline]));
      expect(scanJsonLines(text), `byte ${at}`).toMatchObject(expected(text));
    }
  });

  it("finds the end of a text wherever it lies in a block of 16 bytes", () => {
    for (let length = 0; length < 40; length++)
      for (const stop of ['"', '\\"', "\\u0041", "\n", "\u0001", "\u007f", "é"]) {
        const text = Buffer.from(`{"${"n".repeat(length % 19)}":"${"x".repeat(length)}${stop}y"}\n{"a":1}`);
        expect(scanJsonLines(text), text.toString()).toMatchObject(expected(text));
      }
  });

  it("cuts a long file at lines, and forgets what a longer text before it left", () => {
    const many = Array.from({ length: 60_000 }, (_, i) =>
      i % 7919 === 0 ? `{"i":${i},}` : `{"i":${i},"t":"some text"}`,
    );
    const text = Buffer.from(many.join("\n"));
    expect(text.length).toBeGreaterThan(1024 * 1024);
    expect(scanJsonLines(text)).toMatchObject(expected(text));
    expect(scanJsonLines(Buffer.from('{"a":"')).unusual).toHaveLength(1);
  });

  it("notes as many lines as there are, also when all are unusual", () => {
    const text = Buffer.from("[]\n".repeat(20_000));
    expect(scanJsonLines(text).unusual.map(({ line }) => line)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  it("takes lines beyond its usual piece, up to 8 MiB", () => {
    const long = (length: number) => `{"a":"${"x".repeat(length)}"}`;
    const text = Buffer.from(["{}", long(3_000_000), '{"b":1}', long(9_000_000), "{]", long(10)].join("\n"));
    const { lines, unusual } = scanJsonLines(text);
    expect(lines).toBe(6);
    expect(unusual.map((found) => [found.line, lineOf(found, text).length, found.strict])).toEqual([
      [3, 9_000_008, false],
      [4, 2, false],
    ]);
  });

  it("asks for a closer look where names may repeat", () => {
    const named = (count: number) => `{${Array.from({ length: count }, (_, i) => `"n${i}":${i}`).join(",")}}`;
    const text = Buffer.from([named(128), named(129), '{"a":1,"a":2}', '{"a":{"b":1,"b":2}}'].join("\n"));
    expect(scanJsonLines(text).unusual.map(({ line, strict }) => [line, strict])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
  });

  it("is not misled by nesting, however deep", () => {
    const deep = (depth: number) => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const text = Buffer.from([deep(511), deep(512), deep(3_000_000), '{"a":1}'].join("\n"));
    expect(scanJsonLines(text).unusual.map(({ line, strict }) => [line, strict])).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
  });
});
