import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSequenceNumber, encodeSequenceNumber } from "../../src/gateway/kinesis/sequence-number.ts";
import { evenHashRanges, hashKey, shardRouter } from "../../src/gateway/kinesis/shards.ts";
import { runs } from "../support/run-length.ts";

const position = fc.record({
  creation: fc.maxSafeNat(),
  shard: fc.nat(),
  offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
});

describe("sequence numbers", () => {
  it("are 56 digits that start with 49 and lead back to where the record is", () => {
    fc.assert(
      fc.property(position, (at) => {
        const text = encodeSequenceNumber(at);
        expect(text).toMatch(/^49\d{54}$/);
        expect(decodeSequenceNumber(text)).toEqual(at);
      }),
      runs(),
    );
  });

  it("rise with creation, then shard, then offset", () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const before = a.creation - b.creation || a.shard - b.shard || Number(a.offset - b.offset);
        const [x, y] = [encodeSequenceNumber(a), encodeSequenceNumber(b)];
        expect(Math.sign(Number(BigInt(x) - BigInt(y)))).toBe(Math.sign(before));
        expect(x < y ? -1 : x > y ? 1 : 0).toBe(Math.sign(before));
      }),
      runs(),
    );
  });

  it("are told from any other text", () => {
    for (const text of [
      "",
      "49",
      `48${"0".repeat(54)}`,
      `49${"0".repeat(55)}`,
      `49${"9".repeat(54)}`,
      ` 49${"0".repeat(53)}`,
    ])
      expect(decodeSequenceNumber(text)).toBeUndefined();
  });
});

describe("hash ranges", () => {
  it("cover every hash key once, with sizes that differ by one at most, and route as they say", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.uint8Array({ maxLength: 20 }), (shards, key) => {
        const ranges = evenHashRanges(shards);
        expect(ranges[0]!.start).toBe(0n);
        expect(ranges.at(-1)!.end).toBe(2n ** 128n - 1n);
        for (const [i, { start }] of ranges.entries()) if (i > 0) expect(start).toBe(ranges[i - 1]!.end + 1n);
        const sizes = ranges.map(({ start, end }) => end - start);
        expect(sizes.every((size) => size - sizes[0]! <= 1n && sizes[0]! - size <= 1n)).toBe(true);
        const hash = BigInt(`0x${hashKey(key)}`);
        const expected = ranges.findIndex(({ start, end }) => hash >= start && hash <= end);
        const partitions = ranges.map((hashRange, partition) => ({
          partition,
          hashRange,
          closed: false,
          parents: [],
          createdAtMs: partition,
        }));
        const stream = { topic: "t", incarnation: 1, createdAtMs: 5, config: {}, partitions };
        expect(shardRouter(stream).shardFor(key)).toBe(expected);
      }),
      runs(),
    );
  });

  it("hold both of their ends", () => {
    const key = Buffer.from("k");
    const hash = BigInt(`0x${hashKey(key)}`);
    const shardWith = (lastOfFirst: bigint) =>
      shardRouter({
        topic: "t",
        incarnation: 1,
        createdAtMs: 5,
        config: {},
        partitions: [
          { start: 0n, end: lastOfFirst },
          { start: lastOfFirst + 1n, end: 2n ** 128n - 1n },
        ].map((hashRange, partition) => ({ partition, hashRange, closed: false, parents: [], createdAtMs: 5 })),
      }).shardFor(key);
    expect([shardWith(hash - 1n), shardWith(hash), shardWith(hash + 1n)]).toEqual([1, 0, 0]);
  });
});
