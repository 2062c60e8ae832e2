import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../../src/engine/query-engine.ts";
import { structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { deltaTable, keysBelow, logKey } from "../../support/delta-table.ts";
import { lines, metaData, protocol } from "../../support/made-delta-table.ts";

describe("a checkpoint that is written in several pieces", () => {
  let engine: QueryEngine;
  beforeAll(() => {
    engine = createDuckDbEngine({ threads: 1 });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it("says what the commits said, and leaves no piece behind", async () => {
    const store = createMemoryStore();
    const put = (version: number, ...actions: readonly object[]) =>
      store.put(logKey(version), new TextEncoder().encode(lines(actions)));
    const file = (i: number) => ({
      path: `part%20${i}.parquet`,
      partitionValues: {},
      size: i,
      modificationTime: 1,
      dataChange: true,
      stats: `{"numRecords":${i}}`,
      ...(i % 3 === 0 && { tags: { i: String(i) } }),
    });
    await put(0, protocol(), metaData(structType([{ name: "n", type: "long" }])), { txn: { appId: "a", version: 7 } });
    await put(1, ...Array.from({ length: 45_000 }, (_, i) => ({ add: file(i) })));
    const { stats: _, ...gone } = file(44_000);
    await put(2, { remove: { ...gone, deletionTimestamp: Date.now(), extendedFileMetadata: true } });

    const replayed = await deltaTable(store, engine).snapshot();
    await deltaTable(store, engine).checkpoint();
    for (const version of [0, 1]) await store.delete(logKey(version));
    const read = await deltaTable(store, engine).snapshot();
    expect(read.files.length).toBe(44_999);
    const byPath = (files: typeof read.files) => files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    expect(byPath(read.files)).toEqual(byPath(replayed.files));
    expect(read.txns).toEqual(replayed.txns);
    const names = (await keysBelow(store, "t/")).map((key) => key.slice("t/_delta_log/".length));
    expect(names).toEqual(["00000000000000000002.checkpoint.parquet", "00000000000000000002.json", "_last_checkpoint"]);
  });
});
