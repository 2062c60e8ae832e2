import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPinlakeError } from "../../src/errors.ts";
import { readCompactValue } from "../../src/json/compact-value.ts";
import { createJsonReader } from "../../src/json/json-reader.ts";
import { runs } from "../support/run-length.ts";

/** One for all texts, as in the gateway: so that what one leaves behind would show in the next. */
const reader = createJsonReader();

const read = (text: string | Buffer): Buffer => {
  const bytes = Buffer.from(text as string);
  reader.begin(bytes);
  const value = readCompactValue(reader, bytes);
  reader.end();
  return value;
};

const accepts = (text: string | Buffer): boolean => {
  try {
    read(text);
    return true;
  } catch (error) {
    if (isPinlakeError(error, "REQUEST_NOT_JSON")) return false;
    throw error;
  }
};

const parse = (text: string): unknown => {
  try {
    return { parsed: JSON.parse(text) };
  } catch {
    return undefined;
  }
};

const escapesLoneSurrogate = (text: string) => {
  try {
    return !JSON.stringify(JSON.parse(text)).isWellFormed() || /\\ud[89a-f]/i.test(JSON.stringify(JSON.parse(text)));
  } catch {
    return false;
  }
};

/** JSON texts with the whitespace, escapes and numbers that clients write, and damaged ones. */
const pieces = fc.constantFrom(
  ...'{}[],:"\\ \n\t0123456789.-+eE'.split(""),
  '"a"',
  '"a":',
  '"\\u0061":',
  '"\\u00e9"',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"\\ude00"',
  '"é😀"',
  '"\u0001"',
  '"\u007f"',
  "true",
  "false",
  "null",
  "nul",
  "-0",
  "1e5",
  "01",
  "1.",
  "12345678901234567890123",
  "NaN",
  "//",
  "\u00a0",
  "\ufeff",
);
const soup = fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join(""));
const document = fc
  .tuple(fc.json({ noUnicodeString: false } as object), fc.constantFrom(0, 1, 3, "\t"))
  .map(([text, indent]) => JSON.stringify(JSON.parse(text), null, indent));
const damaged = fc
  .tuple(document, fc.nat(), fc.nat(3), pieces)
  .map(
    ([text, at, cut, piece]) =>
      text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + cut),
  );

describe("the JSON reader", () => {
  it("accepts what JSON.parse accepts, and nothing else but for lone surrogates", () => {
    fc.assert(
      fc.property(fc.oneof(soup, document, damaged, fc.string({ unit: "binary" })), (text) => {
        fc.pre(text.isWellFormed());
        expect(accepts(text)).toBe(parse(text) !== undefined && !escapesLoneSurrogate(text));
      }),
      runs(3000),
    );
  });

  it("keeps the meaning of every value and leaves no whitespace between tokens", () => {
    fc.assert(
      fc.property(document, (text) => {
        const value = read(` ${text}\r\n`).toString();
        expect(JSON.parse(value)).toEqual(JSON.parse(text));
        expect(value.length).toBe(JSON.stringify(JSON.parse(text)).length);
        expect(read(value).toString()).toBe(value);
      }),
      runs(1000),
    );
  });

  it("keeps of each of a value's own names the last, as JSON.parse reads it", () => {
    const name = fc.constantFrom(
      '"a"',
      '"\\u0061"',
      '"b"',
      '"__proto__"',
      '"\\u005f_proto__"',
      '""',
      '"é"',
      '"\\u00e9"',
    );
    const member = fc
      .tuple(name, fc.constantFrom("1", "[1, 2]", '{"a":1,"a":2}', '"x"'))
      .map(([k, v]) => `${k} : ${v}`);
    fc.assert(
      fc.property(fc.array(member, { maxLength: 50 }), (members) => {
        const text = `{${members.join(" ,")}}`;
        const value = read(text).toString();
        expect(JSON.parse(value)).toEqual(JSON.parse(text));
        const names = Object.keys(JSON.parse(text));
        const kept: string[] = [];
        const bytes = Buffer.from(value);
        reader.begin(bytes);
        reader.object((start, end) => {
          kept.push(JSON.parse(`"${bytes.toString("utf8", start, end)}"`));
          reader.skipValue();
        });
        expect(kept.sort()).toEqual(names.sort());
      }),
      runs(500),
    );
  });

  it("takes and refuses every byte at every place of a text as JSON.parse does, and every cut of it", () => {
    const whole = Buffer.from(' { "ab" : [-1.5e+3, true,null , {"\\u00e9\\n\\\\":"é😀"}] , "c":0}\r');
    expect(accepts(whole)).toBe(true);
    const same = (text: Buffer) =>
      expect(accepts(text), text.toString()).toBe(
        isUtf8(text) && parse(text.toString()) !== undefined && !escapesLoneSurrogate(text.toString()),
      );
    for (let at = 0; at < whole.length; at++) {
      same(whole.subarray(0, at));
      same(whole.subarray(at));
      for (let byte = 0; byte < 256; byte++) same(Buffer.from(whole.with(at, byte)));
    }
  });

  it("finds the end of each string, wherever in a block of 16 bytes it lies", () => {
    for (let before = 0; before < 20; before++)
      for (let length = 0; length < 36; length++)
        for (const stop of ["", "\\n", '\\"', "\\\\", "\\u0041", "\\ud83d\\ude00", "é", "😀"]) {
          const text = `${" ".repeat(before)}["${"x".repeat(length)}${stop}","y"]`;
          expect(read(text).toString()).toBe(text.trim());
        }
  });

  it.each([
    ['{"a":nul}', 'expected a value, found "n" at byte 5'],
    ['{"a":1', 'it ends where "," or "}" should be at byte 6'],
    ["[1 2]", 'expected "," or "]", found "2" at byte 3'],
    ['{"a" 1}', 'expected ":", found "1" at byte 5'],
    ["{a:1}", 'expected a string, found "a" at byte 1'],
    ["-", "it ends where a digit should be at byte 1"],
    ["1.é", 'expected a digit, found "é" at byte 2'],
    ['["ab', "a string that does not end at byte 1"],
    ['["a\\n', "a string that does not end at byte 1"],
    ['"a\u0000"', "a control character in a string at byte 2"],
    ['"\\n\n"', "a control character in a string at byte 3"],
    ['"ab\\x"', "a wrong escape in a string at byte 3"],
    ['"\\u12x4"', "a wrong \\u escape in a string at byte 1"],
    ['"\\udc00"', "a lone surrogate in a string at byte 1"],
    ["[".repeat(600), "nesting deeper than 512 at byte 512"],
    ["1 2", 'expected the end, found "2" at byte 2'],
    ["", "it ends where a value should be at byte 0"],
  ])("says of %s what is wrong with it", (text, reason) => {
    expect(() => read(text)).toThrow(reason);
  });

  it.each([
    ['{"n":12345678901234567890.10e+2}', '{"n":12345678901234567890.10e+2}'],
    ['{ "b" : 1 , "a" : "\\u00e9 \\/ \\" \\\\ " }', '{"b":1,"a":"\\u00e9 \\/ \\" \\\\ "}'],
    ['{"a":1,"b":2,"a":3}', '{"b":2,"a":3}'],
    ['{"a":{"x":1,"x":2},"\\u0061":0}', '{"\\u0061":0}'],
    ['{"a":{"x":1, "x":2}}', '{"a":{"x":1,"x":2}}'],
    ['\t"  two  spaces  "\n', '"  two  spaces  "'],
  ])("stores %s as %s", (text, stored) => {
    expect(read(text).toString()).toBe(stored);
  });

  it("takes and refuses each ASCII character in a string as JSON.parse does, wherever in a word it lies", () => {
    for (let c = 0; c < 0x80; c++)
      for (let before = 0; before < 8; before++) {
        const text = `"${"é".repeat(before >> 1)}${"x".repeat(before)}${String.fromCharCode(c)}xxxxxxxx"`;
        expect(accepts(text), JSON.stringify(text)).toBe(parse(text) !== undefined);
      }
  });

  it("takes every pair of surrogates and no lone one, as escapes", () => {
    const escaped = (unit: number) => `\\u${unit.toString(16).padStart(4, "0")}`;
    const edges = [0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0x0041];
    for (const a of edges)
      for (const b of edges) {
        const wellFormed = String.fromCharCode(a, b).isWellFormed();
        expect(accepts(`"${escaped(a)}${escaped(b)}"`), `${escaped(a)}${escaped(b)}`).toBe(wellFormed);
      }
    expect(accepts('"\\ud83d"')).toBe(false);
    expect(accepts('"\\ud83dx\\ude00"')).toBe(false);
  });

  it("refuses bytes that are not UTF-8, naming the place", () => {
    for (const bad of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]]) {
      const text = Buffer.from([...Buffer.from('"\ufffdab'), ...bad, 0x22]);
      expect(() => read(text)).toThrow(/not UTF-8 at byte 6/);
    }
    expect(accepts(Buffer.from([0xef, 0xbb, 0xbf, 0x31]))).toBe(false);
  });

  it("refuses nesting deeper than 512 without using a stack", () => {
    const nest = (n: number) => "[".repeat(n) + "]".repeat(n);
    expect(accepts(nest(512))).toBe(true);
    expect(accepts(nest(513))).toBe(false);
    expect(accepts("[".repeat(5_000_000))).toBe(false);
    expect(accepts('{"a":'.repeat(1_000_000))).toBe(false);
  });

  it("reads a value of a million names in one go", () => {
    const text = `{${Array.from({ length: 300_000 }, (_, i) => `"k${i % 200_000}":${i}`).join(",")}}`;
    const value = JSON.parse(read(text).toString());
    expect(Object.keys(value)).toHaveLength(200_000);
    expect(value.k0).toBe(200_000);
  });
});
