import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../../src/engine/query-engine.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { deltaTable, logKey } from "../../support/delta-table.ts";
import { EVENTS } from "../../support/table-rows.ts";

const DAY_MS = 86_400_000;
const byte = new Uint8Array([1]);
/** Digits of Z85 for the UUID of a deletion vector's file. */
const VECTOR = {
  storageType: "u",
  pathOrInlineDv: "ab^-aqEH.-t@S}K{vb[*k^",
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
};
const VECTOR_FILE = "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin";

describe("vacuum, of tables that others write", () => {
  let engine: QueryEngine;
  beforeAll(() => {
    engine = createDuckDbEngine({ threads: 1 });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  let nowMs = 0;
  async function newTable() {
    nowMs = Date.now();
    const store = createMemoryStore();
    const clock = { now: () => nowMs, monotonic: () => 0, sleep: async () => {} };
    const open = () => deltaTable(store, engine, { clock });
    await open().create({ schema: EVENTS });
    return { store, open };
  }
  const commit = (store: ObjectStore, version: number, ...actions: object[]) =>
    store.put(logKey(version), new TextEncoder().encode(actions.map((action) => JSON.stringify(action)).join("\n")));
  const add = (path: string, more: object = {}) => ({
    add: { path, partitionValues: {}, size: 1, modificationTime: 0, dataChange: true, ...more },
  });
  const remove = (path: string, deletionTimestamp: number, more: object = {}) => ({
    remove: {
      path,
      deletionTimestamp,
      dataChange: true,
      extendedFileMetadata: true,
      partitionValues: {},
      size: 1,
      ...more,
    },
  });

  it("spares active files however their paths are written, and takes what is beside them", async () => {
    const { store, open } = await newTable();
    // On the disk, as a partition folder that is encoded itself; with a space; and by a writer that does not encode.
    const files = ["p=a%20b/x.parquet", "p=ä b/y.parquet", "p=50%25/z.parquet"];
    for (const file of [...files, "p=a b/x.parquet"]) await store.put(`t/${file}`, byte);
    await commit(store, 1, add("p=a%2520b/x.parquet"), add("p=%C3%A4%20b/y.parquet"), add("p=50%25/z.parquet"));
    nowMs += 8 * DAY_MS;
    expect(await open().vacuum()).toEqual(["p=a b/x.parquet"]);
    for (const file of files) expect(await store.head(`t/${file}`), file).toBeDefined();
  });

  it("keeps a deletion vector's file while an active file or an unexpired tombstone names it", async () => {
    const { store, open } = await newTable();
    for (const file of ["x.parquet", VECTOR_FILE, "deletion_vector_lost.bin"]) await store.put(`t/${file}`, byte);
    await commit(store, 1, add("x.parquet", { deletionVector: VECTOR }));
    nowMs += 8 * DAY_MS;
    expect(await open().vacuum()).toEqual(["deletion_vector_lost.bin"]);
    await commit(store, 2, remove("x.parquet", nowMs, { deletionVector: VECTOR }), add("x.parquet"));
    nowMs += 6 * DAY_MS;
    expect(await open().vacuum()).toEqual([]);
    nowMs += 2 * DAY_MS;
    expect(await open().vacuum()).toEqual([VECTOR_FILE]);
    expect(await store.head("t/x.parquet")).toBeDefined();
  });

  it("takes change data once its versions have expired, and nothing else that is hidden", async () => {
    const { store, open } = await newTable();
    for (const file of ["_change_data/cdc.parquet", "_delta_index/i.parquet", "_x.parquet", ".y/z.parquet"])
      await store.put(`t/${file}`, byte);
    nowMs += 6 * DAY_MS;
    expect(await open().vacuum()).toEqual([]);
    nowMs += 2 * DAY_MS;
    expect(await open().vacuum()).toEqual(["_change_data/cdc.parquet"]);
  });

  it("takes in lite mode what the log's commits removed, and finds no file that no commit named", async () => {
    const { store, open } = await newTable();
    for (const file of ["x.parquet", "y.parquet", "lost.parquet", VECTOR_FILE]) await store.put(`t/${file}`, byte);
    await commit(store, 1, add("x.parquet", { deletionVector: VECTOR }), add("y.parquet"), add("gone.parquet"));
    const removed = [remove("x.parquet", nowMs, { deletionVector: VECTOR }), remove("y.parquet", nowMs)];
    await commit(store, 2, ...removed, remove("gone.parquet", nowMs));
    await commit(store, 3, add("y.parquet"));
    nowMs += 6 * DAY_MS;
    expect(await open().vacuum({ mode: "lite" })).toEqual([]);
    nowMs += 2 * DAY_MS;
    expect(await open().vacuum({ mode: "lite", dryRun: true })).toEqual([VECTOR_FILE, "x.parquet"]);
    expect(await open().vacuum({ mode: "lite" })).toEqual([VECTOR_FILE, "x.parquet"]);
    expect(await open().vacuum({ mode: "lite" })).toEqual([]);
    expect(await open().vacuum()).toEqual(["lost.parquet"]);
  });

  it("deletes nothing from a table that it could not write", async () => {
    const { store, open } = await newTable();
    await store.put("t/lost.parquet", byte);
    await commit(store, 1, {
      protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: [], writerFeatures: ["somethingNew"] },
    });
    nowMs += 8 * DAY_MS;
    await expect(open().vacuum()).rejects.toMatchObject({ code: "TABLE_UNSUPPORTED" });
    expect(await store.head("t/lost.parquet")).toBeDefined();
  });
});
