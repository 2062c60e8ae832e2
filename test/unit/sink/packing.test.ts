import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { createSink, SINK_GROUP, type SinkOptions } from "../../../src/sink/sink.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { differences } from "../../support/sunk-objects.ts";

const limits = { maxRecords: 10, maxBytes: 1024 * 1024, maxAgeMs: 60_000 };

const records = (count: number, bytes = 0) =>
  Array.from({ length: count }, (_, n) => ({
    key: null,
    value: Buffer.from(JSON.stringify({ n, filler: Buffer.alloc(bytes, `${n * 7919} `).toString() })),
    headers: [],
    timestampMs: 0,
  }));

async function setUp(partitions = 1) {
  const log = createMemoryLog();
  const store = createMemoryStore();
  await log.createTopic("t", { partitions });
  return {
    log,
    store,
    sink: (options: Partial<SinkOptions>) => createSink({ log, store, limits, ...options }),
    keys: async () => (await Array.fromAsync(store.list(""))).map(({ key }) => key.replace(/.*[+]/, "")),
  };
}

describe.each([
  ["gzip", ".gz", gunzipSync],
  ["zstd", ".zst", zstdDecompressSync],
] as const)("a sink that packs with %s", (compression, suffix, unpack) => {
  it("names objects so, and leaves what is no JSON as it is", async () => {
    const { log, store, sink, keys } = await setUp();
    await log.append("t", [...records(12), { key: null, value: Buffer.from("no JSON"), headers: [], timestampMs: 0 }]);
    await sink({ compression }).flush();
    expect(await keys()).toEqual([`0000000000.json${suffix}`, `0000000010.json${suffix}`, "0000000012.bin"]);
    const body = await store.get(`topics/t/partition=0/t+0+0000000010.json${suffix}`);
    expect(unpack(body).toString()).toBe('{"n":10,"filler":""}\n{"n":11,"filler":""}\n');
    expect(await differences(log, store)).toEqual([]);
  });

  it("cuts by what the lines hold, not by what is left of it packed", async () => {
    const { log, sink, keys } = await setUp();
    await log.append("t", records(10, 400));
    await sink({ compression, limits: { ...limits, maxBytes: 1000 } }).flush();
    expect(await keys()).toHaveLength(5);
  });

  it.each([
    ["all in memory", 1e9],
    ["given up midway", 3e6],
    ["read from the log again", 0],
  ])("lands objects of many pieces, their bytes %s", async (_, bufferBytes) => {
    const { log, store, sink } = await setUp(4);
    for (let partition = 0; partition < 4; partition++)
      await log.append(
        "t",
        records(1500, 2000).map((record) => ({ ...record, partition })),
      );
    const all = { maxRecords: 1000, maxBytes: 1e9, maxAgeMs: 60_000 };
    await sink({ compression, bufferBytes, limits: all }).flush();
    expect(await differences(log, store)).toEqual([]);
    expect(await Array.fromAsync(store.list(""))).toHaveLength(8);
  });

  it("writes the same bytes whether they were kept in memory or read again", async () => {
    const written = [1e9, 0].map(async (bufferBytes) => {
      const { log, store, sink } = await setUp();
      await log.append("t", records(1000, 1000));
      await sink({ compression, bufferBytes, limits: { ...limits, maxRecords: 1000, maxBytes: 1e9 } }).flush();
      return Buffer.from(await store.get(`topics/t/partition=0/t+0+0000000000.json${suffix}`));
    });
    const [kept, again] = await Promise.all(written);
    expect(kept?.equals(again as Buffer)).toBe(true);
  });

  it("takes over what is there in another form, and doubles nothing", async () => {
    const { log, store, sink, keys } = await setUp();
    await log.append("t", records(10));
    await sink({}).flush();
    // The offset was lost with the process, the object was not.
    await log.commit(SINK_GROUP, "t", 0, 0n);
    await log.append("t", records(10));
    await sink({ compression }).flush();
    await log.commit(SINK_GROUP, "t", 0, 0n);
    await log.append("t", records(1));
    await sink({}).flush();
    expect(await keys()).toEqual(["0000000000.json", `0000000010.json${suffix}`, "0000000020.json"]);
    expect(await differences(log, store)).toEqual([]);
  });

  it("refuses a damaged object by its name, and one that holds something else", async () => {
    const { log, store, sink } = await setUp();
    await log.append("t", records(10));
    await sink({ compression }).flush();
    await log.commit(SINK_GROUP, "t", 0, 0n);
    const key = `topics/t/partition=0/t+0+0000000000.json${suffix}`;
    const body = await store.get(key);
    await store.put(key, body.subarray(0, -3));
    const damaged = { code: "OBJECT_DAMAGED", message: expect.stringContaining(key) };
    await expect(sink({ compression }).prepare()).rejects.toMatchObject(damaged);
    if (compression !== "gzip") return;
    await store.put(key, gzipSync(gunzipSync(body).toString().replace('"n":3', '"n":4')));
    await expect(sink({ compression }).prepare()).rejects.toMatchObject({ code: "OBJECT_CONFLICT" });
  });
});
