import { describe, expect, it } from "vitest";
import { dueAtMs, endOffset, type FileExtent, isFull, mustCloseBefore } from "../../../src/sink/rotation.ts";

const limits = { maxRecords: 3, maxBytes: 100, maxAgeMs: 1000 };
const file = (part: Partial<FileExtent>): FileExtent => ({
  startOffset: 10n,
  records: 2,
  bytes: 60,
  openedAtMs: 5,
  ...part,
});

describe("an open file", () => {
  it.each([
    ["fewer records and bytes than allowed", file({}), false],
    ["as many records as allowed", file({ records: 3 }), true],
    ["as many bytes as allowed", file({ bytes: 100 }), true],
    ["one record larger than all that is allowed", file({ records: 1, bytes: 500 }), true],
  ])("with %s takes another record or not", (_, open, full) => {
    expect(isFull(open, limits)).toBe(full);
  });

  it.each([
    ["the next offset, and room", file({}), 12n, 40, false],
    ["the next offset, and one byte too few", file({}), 12n, 41, true],
    ["an offset behind a gap", file({}), 13n, 1, true],
    ["an offset that is in it already", file({}), 11n, 1, true],
    ["no place for any record", file({ records: 3 }), 13n, 1, true],
  ])("before a record with %s is closed or not", (_, open, offset, lineBytes, close) => {
    expect(mustCloseBefore(open, offset, lineBytes, limits)).toBe(close);
  });

  it("ends behind its last record, and is due an age after its first", () => {
    expect(endOffset(file({ records: 2 }))).toBe(12n);
    expect(dueAtMs(file({ openedAtMs: 5 }), limits)).toBe(1005);
  });
});
