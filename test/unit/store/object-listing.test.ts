import { describe, expect, it } from "vitest";
import { type ObjectName, objectKey, parseObjectKey } from "../../../src/store/layout.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { listObjects, objectPartitions } from "../../../src/store/object-listing.ts";

const name = (part: Partial<ObjectName>): ObjectName => ({
  kind: "topic",
  name: "t",
  partition: 0,
  startOffset: 0n,
  format: "json",
  ...part,
});
const put = (store: ReturnType<typeof createMemoryStore>, part: Partial<ObjectName>) =>
  store.put(objectKey(name(part)), new Uint8Array(1));

describe("names of objects", () => {
  it("come back from their keys, whatever topic, partition and offset", () => {
    for (const part of [
      {},
      { kind: "stream" as const, name: "streaming-x-pin", partition: 12, startOffset: 7n, format: "bin" as const },
      { name: "a+0+b.json", startOffset: 12_345_678_901_234n },
      { name: "x".repeat(249), partition: 999, startOffset: 2n ** 63n - 1n },
      { name: "x.json", startOffset: 3n, compression: "gzip" as const },
      { name: "x".repeat(249), partition: 999, startOffset: 2n ** 63n - 1n, compression: "zstd" as const },
    ]) {
      const key = objectKey(name(part));
      expect(parseObjectKey(key)).toEqual(name(part));
      for (const piece of key.split("/")) expect(piece.length).toBeLessThanOrEqual(255);
    }
  });

  it("are not seen in keys of other makers", () => {
    for (const key of ["topics/t/partition=0/other+0+0000000000.json", "topics/t/partition=0/t+1+0000000000.json"])
      expect(parseObjectKey(key)).toBeUndefined();
    expect(parseObjectKey("topics/t/partition=0/t+0+1.json")).toBeUndefined();
    expect(parseObjectKey("topics/t/partition=0/t+0+0000000000.bin.gz")).toBeUndefined();
    expect(parseObjectKey("topics/t/partition=0/t+0+0000000000.json.bz2")).toBeUndefined();
    expect(parseObjectKey("topics/t/partition=00/t+00+0000000000.json")).toBeUndefined();
    expect(parseObjectKey("tables/t/partition=0/t+0+0000000000.json")).toBeUndefined();
  });
});

describe("objects of a partition", () => {
  it("come in order of their offsets, which is not that of their names beyond ten digits", async () => {
    const store = createMemoryStore();
    const offsets = [0n, 5n, 999_999_999n, 1_000_000_000n, 9_999_999_999n, 10_000_000_000n, 10_000_000_001n];
    for (const startOffset of offsets.toReversed()) await put(store, { startOffset });
    await put(store, { partition: 1, startOffset: 3n });
    await store.put("topics/t/partition=0/.notes", new Uint8Array());
    const from = async (at?: bigint) =>
      (await listObjects(store, name({}), at)).map(({ name: { startOffset } }) => startOffset);
    expect(await from()).toEqual(offsets);
    for (const [i, at] of offsets.entries()) {
      expect(await from(at)).toEqual(offsets.slice(i));
      expect(await from(at + 1n)).toEqual(offsets.slice(i + 1).filter((offset) => offset > at));
    }
  });

  it("are found beside each other packed and plain, from any offset on", async () => {
    const store = createMemoryStore();
    await put(store, { startOffset: 0n, compression: "gzip" });
    await put(store, { startOffset: 5n });
    await put(store, { startOffset: 6n, compression: "zstd" });
    const from = async (at: bigint) =>
      (await listObjects(store, name({}), at)).map(({ name: { startOffset } }) => startOffset);
    expect(await from(0n)).toEqual([0n, 5n, 6n]);
    expect(await from(1n)).toEqual([5n, 6n]);
    expect(await from(6n)).toEqual([6n]);
  });

  it("are refused where two begin at the same offset: one of them would count twice", async () => {
    const store = createMemoryStore();
    await put(store, { startOffset: 5n });
    await put(store, { startOffset: 5n, compression: "gzip" });
    await expect(listObjects(store, name({}))).rejects.toMatchObject({ code: "OBJECT_CONFLICT" });
  });

  it("are found for every partition there is", async () => {
    const store = createMemoryStore();
    const partitions = [
      { kind: "stream" as const, name: "s", partition: 0 },
      { name: "t", partition: 0 },
      { name: "t", partition: 10 },
      { name: "t", partition: 2 },
      { name: "t.more", partition: 0 },
    ];
    for (const of of partitions) for (const startOffset of [0n, 3n]) await put(store, { ...of, startOffset });
    await store.put("topics/readme", new Uint8Array());
    const found = [];
    for await (const { kind, name: of, partition } of objectPartitions(store)) found.push(`${kind} ${of} ${partition}`);
    expect(found.sort()).toEqual(["stream s 0", "topic t 0", "topic t 10", "topic t 2", "topic t.more 0"]);
  });
});
