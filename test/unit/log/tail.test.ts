import { expect, it } from "vitest";
import { blocksOf, frameAt, recordsFrame } from "../../../src/log/embedded/frame.ts";
import { type Collected, readRecords } from "../../../src/log/embedded/record-codec.ts";
import { tail } from "../../../src/log/embedded/tail.ts";
import { partitionLog } from "../../../src/log/record-storage.ts";
import { NO_HEADERS } from "../../../src/record.ts";

const MIB = 1024 * 1024;
const LIMIT = 24 * MIB;
const NO_LIMITS = { maxRecords: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

const log = partitionLog(0, "t", 0);
const valueAt = (offset: number, bytes: number) => Buffer.alloc(bytes, `${offset},`);

/** A tail, and frames of two records each added to it. */
function filled(sizes: readonly number[]) {
  const newest = tail(LIMIT);
  for (const [i, bytes] of sizes.entries()) {
    const records = [2 * i, 2 * i + 1].map((offset) => ({
      key: Buffer.from(String(offset)),
      value: valueAt(offset, bytes),
      headers: NO_HEADERS,
      timestampMs: 0,
    }));
    const frame = recordsFrame([{ log, base: 2 * i, records }], i, 0, newest.room);
    newest.add(frame, blocksOf(frameAt(frame, 0, frame.length)!));
  }
  return newest;
}

function read(newest: ReturnType<typeof tail>, from: number, until: number) {
  const found: Collected = { records: [], bytes: 0, full: false };
  for (const block of newest.blocks(log, from) ?? []) readRecords(block, from, until, NO_LIMITS, found);
  return found.records;
}

it.each([
  ["small frames", Array.from({ length: 300 }, () => 100_000)],
  ["frames of many sizes", Array.from({ length: 60 }, (_, i) => 1 + ((i * 7919) % 40) * 50_000)],
  ["frames larger than what is taken at a time", Array.from({ length: 8 }, () => 5 * MIB)],
])("gives the newest records as they were stored: %s", (_, sizes) => {
  const newest = filled(sizes);
  let oldest = 2 * sizes.length;
  while (oldest > 0 && newest.blocks(log, oldest - 1) !== undefined) oldest--;
  expect(oldest).toBeGreaterThan(0);
  const records = read(newest, oldest, 2 * sizes.length);
  expect(records).toHaveLength(2 * sizes.length - oldest);
  for (const { offset, key, value } of records) {
    expect(String(key)).toBe(String(offset));
    expect(valueAt(Number(offset), sizes[Math.floor(Number(offset) / 2)]!).equals(value!), `${offset}`).toBe(true);
  }
  const kept = sizes.slice(Math.floor(oldest / 2)).reduce((sum, bytes) => sum + 2 * bytes, 0);
  expect(kept).toBeLessThanOrEqual(LIMIT);
  expect(kept).toBeGreaterThan(LIMIT / 4);
});

it("leaves what was read as it is when its memory is used again", () => {
  const newest = filled([1000]);
  const [second] = read(newest, 1, 2);
  for (let i = 1; i < 400; i++) {
    const frame = recordsFrame(
      [
        {
          log,
          base: 2 * i,
          records: [{ key: null, value: Buffer.alloc(100_000, 7), headers: NO_HEADERS, timestampMs: 0 }],
        },
      ],
      i,
      0,
      newest.room,
    );
    newest.add(frame, []);
  }
  expect(newest.blocks(log, 1)).toBeUndefined();
  expect(valueAt(1, 1000).equals(second!.value!)).toBe(true);
});

it("gives the room of a frame that was not stored to the next one", () => {
  const newest = filled([1000]);
  newest.room(50_000).fill(1);
  const again = newest.room(50_000);
  expect(again[0]).toBe(1);
  expect(read(newest, 0, 2)).toHaveLength(2);
});
