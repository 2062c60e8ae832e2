import fc from "fast-check";
import { expect, it } from "vitest";
import { blocksOf, frameAt, recordsFrame } from "../../src/log/embedded/frame.ts";
import { firstAtOrAfter, readRecords } from "../../src/log/embedded/record-codec.ts";
import { type Block, partitionLog } from "../../src/log/record-storage.ts";
import type { EventRecord, LogRecord } from "../../src/record.ts";
import { runs } from "../support/run-length.ts";

const bytes = fc.option(fc.uint8Array({ maxLength: 40 }));
const header = fc.record({ name: fc.string({ unit: "binary", maxLength: 8 }), value: bytes });
const record: fc.Arbitrary<EventRecord> = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.array(header, { maxLength: 3 }),
  timestampMs: fc.integer({ min: -1, max: 8.64e15 }),
});
const block: fc.Arbitrary<Block> = fc
  .tuple(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.maxSafeNat(), fc.array(record, { minLength: 1, maxLength: 12 }))
  .map(([id, partition, base, records]) => ({
    log: partitionLog(id, "t", partition),
    base: Math.min(base, Number.MAX_SAFE_INTEGER - 100),
    records: [...records],
  }));
const NO_LIMITS = { maxRecords: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

const plain = (r: EventRecord) => ({
  key: r.key && [...r.key],
  value: r.value && [...r.value],
  headers: r.headers.map((h) => [h.name, h.value && [...h.value]]),
  timestampMs: r.timestampMs,
});
const read = (buffer: Buffer, block: { at: number; base: number; count: number }, from: number, limits = NO_LIMITS) => {
  const found: { records: LogRecord[]; bytes: number; full: boolean } = { records: [], bytes: 0, full: false };
  readRecords({ ...block, buffer }, from, block.base + block.count, limits, found);
  return found.records;
};

it("reads from a frame what was laid into it, wherever in a buffer it lies", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), fc.nat(20), fc.nat(), (blocks, before, sequence) => {
      const buffer = Buffer.concat([Buffer.alloc(before, 7), recordsFrame(blocks, sequence, 123), Buffer.alloc(9, 7)]);
      const frame = frameAt(buffer, before, buffer.length - before - 9)!;
      expect(frame).toMatchObject({ sequence, storedAtMs: 123 });
      for (const [i, found] of blocksOf(frame).entries()) {
        const { log, base, records } = blocks[i]!;
        expect(found).toMatchObject({ topicId: log.topicId, partition: log.partition, base, count: records.length });
        expect(found.maxTimestampMs).toBe(Math.max(...records.map((r) => r.timestampMs)));
        const all = read(buffer, found, base);
        expect(all.map(plain)).toEqual(records.map(plain));
        expect(all.map((r) => r.offset)).toEqual(records.map((_, n) => BigInt(base + n)));
        const half = base + (records.length >> 1);
        expect(read(buffer, found, half).map(plain)).toEqual(records.slice(records.length >> 1).map(plain));
        expect(read(buffer, found, base, { ...NO_LIMITS, maxRecords: 1 })).toHaveLength(1);
        expect(read(buffer, found, base, { ...NO_LIMITS, maxBytes: 0 }).length).toBeGreaterThan(0);
        const time = records.at(-1)!.timestampMs;
        const first = records.findIndex((r) => r.timestampMs >= time);
        expect(firstAtOrAfter({ ...found, buffer }, base, time)).toBe(base + first);
      }
    }),
    runs(),
  );
});

it("takes no frame for whole of which any one bit is another", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 2 }), fc.nat(), (blocks, place) => {
      const frame = recordsFrame(blocks, 1, 1);
      const bit = place % (frame.length * 8);
      if (bit < 32 || (bit >= 64 && bit < 96)) return; // the magic and the length decide before the checksum
      frame[bit >> 3]! ^= 1 << (bit & 7);
      expect(frameAt(frame, 0, frame.length)).toBeUndefined();
    }),
    runs(),
  );
});
