import { readFile } from "node:fs/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inGroups, planTake, rawInput } from "../../../src/batch/take.ts";
import type { Dataset } from "../../../src/define/dataset.ts";
import { openFilesystemStore } from "../../../src/store/filesystem.ts";
import { objectKey } from "../../../src/store/layout.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const dataset = { inputs: { topics: ["*.pin"], streams: [], partitionKeys: [] } } as unknown as Dataset;
const nothingYet = () => 0n;

async function land(store: ObjectStore, topic: string, partition: number, startOffset: bigint, text: string) {
  const format = text.startsWith("\0") ? ("bin" as const) : ("json" as const);
  await store.put(objectKey({ kind: "topic", name: topic, partition, startOffset, format }), Buffer.from(text));
}

const summary = async (store: ObjectStore, next: (topic: string, partition: number) => bigint) => {
  const { objects, taken } = await planTake(store, dataset, { next, dense: false });
  return {
    objects: objects.map(({ name, from }) => `${name.name}/${name.partition} ${name.startOffset} from ${from}`),
    taken: taken.map(({ topic, partition, next: end }) => `${topic}/${partition} to ${end}`),
  };
};

describe("what a batch run takes", () => {
  it("is every object of the dataset's topics and no other's, partition by partition", async () => {
    await using store = createMemoryStore();
    await land(store, "a.pin", 0, 0n, "{}\n{}\n");
    await land(store, "a.pin", 0, 2n, "{}\n");
    await land(store, "a.pin", 10, 0n, "{}\nnull\n{}\n");
    await land(store, "a.pin", 2, 0n, "{}");
    await land(store, "a.pinx", 0, 0n, "{}\n");
    await land(store, "b.pin", 0, 5n, "{}\n");
    await land(store, "b.geo", 0, 0n, "{}\n");
    await store.put("topics/stray", Buffer.from("x"));
    await store.put("streams/a.pin/shard=0/a.pin+0+0000000000.json", Buffer.from("{}\n"));
    expect(await summary(store, nothingYet)).toEqual({
      objects: ["a.pin/0 0 from 0", "a.pin/0 2 from 2", "a.pin/10 0 from 0", "a.pin/2 0 from 0", "b.pin/0 5 from 5"],
      taken: ["a.pin/0 to 3", "a.pin/10 to 3", "a.pin/2 to 1", "b.pin/0 to 6"],
    });
  });

  it("leaves out what the table has, and is empty when it has everything", async () => {
    await using store = createMemoryStore();
    await land(store, "a.pin", 0, 0n, "{}\n{}\n");
    await land(store, "a.pin", 0, 2n, "{}\n");
    expect((await summary(store, () => 2n)).objects).toEqual(["a.pin/0 2 from 2"]);
    expect(await summary(store, () => 3n)).toEqual({ objects: [], taken: [] });
  });

  it("goes by number, not by text, where offsets outgrow ten digits", async () => {
    await using store = createMemoryStore();
    await land(store, "a.pin", 0, 9_999_999_999n, "{}\n");
    await land(store, "a.pin", 0, 10_000_000_000n, "{}\n{}\n");
    expect(await summary(store, () => 9_999_999_999n)).toEqual({
      objects: ["a.pin/0 9999999999 from 9999999999", "a.pin/0 10000000000 from 10000000000"],
      taken: ["a.pin/0 to 10000000002"],
    });
    expect((await summary(store, () => 10_000_000_000n)).objects).toEqual(["a.pin/0 10000000000 from 10000000000"]);
  });

  it("takes the rest of an object that the table has the beginning of", async () => {
    await using folder = await tempFolder();
    await using store = createMemoryStore();
    await land(store, "a.pin", 0, 10n, '{"n":10}\n{"n":11}\n{"n":12}\n');
    await land(store, "a.pin", 0, 13n, '{"n":13}\n');
    const { objects, taken } = await planTake(store, dataset, { next: () => 12n, dense: true });
    expect(taken).toEqual([{ topic: "a.pin", partition: 0, next: 14n }]);
    const [object] = objects;
    if (object === undefined) throw new Error("no object");
    const input = await rawInput(store, object, folder.path);
    expect(input).toMatchObject({ startOffset: 12n, temporary: true, topic: "a.pin", partition: 0 });
    expect("path" in input && (await readFile(input.path, "utf8"))).toBe('{"n":12}\n');
  });

  it.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const)("unpacks %s objects into files of plain lines", async (compression, pack) => {
    await using folder = await tempFolder();
    await using store = await openFilesystemStore({ root: folder.path });
    const key = (startOffset: bigint) =>
      objectKey({ kind: "topic", name: "a.pin", partition: 0, startOffset, format: "json", compression });
    await store.put(key(0n), pack('{"n":0}\n{"n":1}\n'));
    await store.put(key(2n), pack('{"n":2}\n{"n":3}\n{"n":4}\n'));
    const { objects, taken } = await planTake(store, dataset, { next: () => 1n, dense: true });
    expect(taken).toEqual([{ topic: "a.pin", partition: 0, next: 5n }]);
    const texts = objects.map(async (object) => {
      const input = await rawInput(store, object, folder.path);
      return "path" in input && (await readFile(input.path, "utf8"));
    });
    expect(await Promise.all(texts)).toEqual(['{"n":1}\n', '{"n":2}\n{"n":3}\n{"n":4}\n']);
  });

  it("hands over a value that is no JSON as one record", async () => {
    await using folder = await tempFolder();
    await using store = createMemoryStore();
    await land(store, "a.pin", 0, 7n, "\0\n\n");
    const { objects, taken } = await planTake(store, dataset, { next: () => 7n, dense: true });
    expect(taken).toEqual([{ topic: "a.pin", partition: 0, next: 8n }]);
    const [object] = objects;
    if (object === undefined) throw new Error("no object");
    const input = await rawInput(store, object, folder.path);
    expect("records" in input && input.records.map((r) => [r.offset, Buffer.from(r.value ?? []).toString()])).toEqual([
      [7n, "\0\n\n"],
    ]);
  });

  it("is cut into groups that never divide an object, the last ones smaller", () => {
    const MIB = 1024 * 1024;
    const objects = (sizes: readonly number[]) =>
      sizes.map((textBytes, i) => ({ key: String(i), bytes: 1, textBytes, from: 0n, name: {} as never }));
    const sizes = (of: readonly number[], limits: { maxBytes: number; atOnce: number }) =>
      inGroups(objects(of), limits).map((group) => group.map(({ textBytes }) => textBytes));
    expect(sizes([5, 5, 20, 1], { maxBytes: 10, atOnce: 1 })).toEqual([[5, 5], [20], [1]]);
    expect(sizes([], { maxBytes: 10, atOnce: 3 })).toEqual([]);
    expect(sizes([MIB, MIB, MIB], { maxBytes: 64 * MIB, atOnce: 3 })).toHaveLength(1);
    const groups = sizes(Array(400).fill(MIB), { maxBytes: 64 * MIB, atOnce: 3 }).map(({ length }) => length);
    expect(groups.reduce((sum, n) => sum + n, 0)).toBe(400);
    expect(groups).toEqual(groups.toSorted((a, b) => b - a));
    expect([groups[0], groups.at(-2)]).toEqual([64, 16]);
  });
});
