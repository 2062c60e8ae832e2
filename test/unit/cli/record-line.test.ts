import { describe, expect, it } from "vitest";
import { recordReport } from "../../../src/app/record-report.ts";
import { recordLine } from "../../../src/cli/record-line.ts";

const bytes = (text: string) => Buffer.from(text);

/** What `tail` prints of a record, after a journey through the console's JSON. */
function line(value: Uint8Array | null, { json = true, key = null as Uint8Array | null, offset = 7n } = {}): string {
  const report = recordReport(0, { key, value, headers: [], timestampMs: 0, offset });
  return recordLine(JSON.parse(JSON.stringify(report)), json);
}

describe("a record on a line", () => {
  it("has its value as it is stored: large numbers, written numbers, the order of names", () => {
    const stored = '{"2":12345678901234567890,"1":1.10,"a":1e2,"a":-0}';
    expect(line(bytes(stored))).toBe(
      `{"partition":0,"offset":7,"timestamp":"1970-01-01T00:00:00.000Z","key":null,"value":${stored}}\n`,
    );
    expect(line(bytes(stored), { json: false, key: bytes("k") })).toBe(
      `0/7  1970-01-01T00:00:00.000Z  "k"  ${stored}\n`,
    );
  });

  it.each([
    ["null", null, null],
    ["the text null", bytes("null"), null],
    ["text that is no JSON", bytes("plain \n text"), "plain \n text"],
    ["bytes that are no text", Buffer.from([0xff, 0]), { base64: "/wA=" }],
    ["JSON on several lines", bytes('{\n\t"a": 1\r\n}'), { a: 1 }],
    [
      "characters that steer terminals",
      bytes('["\u009b31m\u007f\u202e", "\\u001b[2J"]'),
      ["\u009b31m\u007f\u202e", "\u001b[2J"],
    ],
  ])("is one JSON object, printable alone, for %s", (_, value, said) => {
    const printed = line(value, { key: bytes("\u001b]0;title\u0007") });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
    expect(printed.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(JSON.parse(printed)).toMatchObject({ offset: 7, key: "\u001b]0;title\u0007", value: said });
  });

  it("has offsets beyond what numbers hold as text", () => {
    expect(JSON.parse(line(null, { offset: 2n ** 60n })).offset).toBe("1152921504606846976");
  });
});
