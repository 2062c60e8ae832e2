import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { deltaTable, keysBelow, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { contents, EVENTS, events } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

const bytes = (text: string) => new TextEncoder().encode(text);

describe("reading a table that is not as it should be", () => {
  /** Versions 0..commits, version n with rows 1..n, a checkpoint every 3. */
  async function tableOf(commits: number): Promise<ObjectStore> {
    const store = createMemoryStore();
    const table = deltaTable(store, engine);
    await table.create({ schema: EVENTS, configuration: { "delta.checkpointInterval": "3" } });
    for (let seq = 1; seq <= commits; seq++) await table.append(events(session, [{ id: "k", seq }]));
    return store;
  }
  const read = async (store: ObjectStore, version?: number) =>
    contents(session, await deltaTable(store, engine).snapshot(version === undefined ? undefined : { version }));
  const rowsTo = (n: number) => Array.from({ length: n }, (_, i) => `k@${i + 1}`);

  it.each([
    ["missing", undefined],
    ["garbage", "{"],
    ["without a version", "{}"],
    ["naming a checkpoint that is not there", '{"version":5,"size":1}'],
    ["naming an old checkpoint", '{"version":3,"size":1}'],
    ["far ahead", '{"version":99,"size":1}'],
  ])("does not rely on the hint file: %s", async (_, text) => {
    const store = await tableOf(7);
    await store.delete("t/_delta_log/_last_checkpoint");
    if (text !== undefined) await store.put("t/_delta_log/_last_checkpoint", bytes(text));
    expect(await read(store)).toEqual(rowsTo(7));
    expect(await read(store, 2)).toEqual(rowsTo(2));
  });

  it("needs no commit below the newest checkpoint", async () => {
    const store = await tableOf(7);
    for (let version = 0; version < 6; version++) await store.delete(logKey(version));
    expect(await read(store)).toEqual(rowsTo(7));
    expect(await read(store, 6)).toEqual(rowsTo(6));
  });

  it("falls back to commits when a checkpoint is broken, and names it when there are none", async () => {
    const store = await tableOf(4);
    await store.put(logKey(3, "checkpoint.parquet"), bytes("no parquet"));
    expect(await read(store)).toEqual(rowsTo(4));
    await store.delete(logKey(0));
    await expect(read(store)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: expect.stringContaining("00003.checkpoint.parquet") },
    });
  });

  it("never skips a gap or a broken commit: it names the file", async () => {
    const store = await tableOf(5);
    await store.delete(logKey(4));
    await expect(read(store)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: expect.stringContaining("00004.json") },
    });
    await store.put(logKey(4), bytes('{"add":'));
    await expect(read(store)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: expect.stringContaining("00004.json"), reason: expect.stringContaining("line 1") },
    });
    expect(await read(store, 3)).toEqual(rowsTo(3));
  });

  it("ignores names that are not of the protocol", async () => {
    const store = await tableOf(2);
    for (const name of ["9.json", ".00000000000000000003.json.crc", "00000000000000000003.json.tmp", "_commits/x.json"])
      await store.put(`t/_delta_log/${name}`, bytes("?"));
    expect(await read(store)).toEqual(rowsTo(2));
  });

  it("refuses features that it does not know, by name, for reading and for writing", async () => {
    const store = await tableOf(0);
    const table = deltaTable(store, engine);
    const protocol = (value: object) => store.put(logKey(1), bytes(`${JSON.stringify({ protocol: value })}\n`));
    const needs = (feature: unknown) => ({ code: "TABLE_UNSUPPORTED", details: { feature } });

    await protocol({ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["newThing"], writerFeatures: [] });
    await expect(table.snapshot()).rejects.toMatchObject(needs("newThing"));
    await protocol({ minReaderVersion: 4, minWriterVersion: 7 });
    await expect(deltaTable(store, engine).find()).rejects.toMatchObject(needs("reader version 4"));
    await protocol({ minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["icebergCompatV2"] });
    const newer = deltaTable(store, engine);
    expect(await newer.snapshot()).toMatchObject({ version: 1 });
    await expect(newer.append(events(session, [{ id: "a", seq: 1 }]))).rejects.toMatchObject(
      needs(expect.stringContaining("icebergCompatV2")),
    );
  });

  it("keeps what delta.appendOnly promises", async () => {
    const table = deltaTable(createMemoryStore(), engine);
    await table.create({ schema: EVENTS, configuration: { "delta.appendOnly": "true" } });
    const row = () => events(session, [{ id: "a", seq: 1 }]);
    await table.append(row());
    await table.append(row());
    await expect(table.overwrite(row())).rejects.toMatchObject({ code: "TABLE_UNSUPPORTED" });
    expect(await table.optimize({ session })).toBeDefined();
  });

  it("notices that a table was made anew in its place", async () => {
    const store = await tableOf(3);
    const table = deltaTable(store, engine);
    const before = await table.snapshot();
    for (const key of await keysBelow(store, "t/")) await store.delete(key);
    expect(await table.find()).toBeUndefined();
    await deltaTable(store, engine).create({ schema: EVENTS });
    expect(await table.snapshot()).toMatchObject({ version: 0 });
    await expect(table.append(events(session, [{ id: "a", seq: 1 }]), { basedOn: before })).rejects.toMatchObject({
      code: "TABLE_CONFLICT",
    });
  });

  it("notices so, too, when the new table has gone further than the old one was known", async () => {
    const store = await tableOf(2);
    const known = deltaTable(store, engine);
    await known.snapshot();
    for (const key of await keysBelow(store, "t/")) await store.delete(key);
    const other = deltaTable(store, engine);
    await other.create({ schema: EVENTS });
    for (let seq = 11; seq <= 15; seq++) await other.append(events(session, [{ id: "n", seq }]));
    expect(await contents(session, await known.snapshot())).toEqual([11, 12, 13, 14, 15].map((seq) => `n@${seq}`));
  });

  it("cleans up the log below an expired checkpoint, and a reader far behind moves on", async () => {
    const store = createMemoryStore();
    let nowMs = Date.now();
    const clock = { now: () => nowMs, monotonic: () => 0, sleep: async () => {} };
    const table = deltaTable(store, engine, { clock });
    await table.create({
      schema: EVENTS,
      configuration: { "delta.checkpointInterval": "3", "delta.logRetentionDuration": "interval 1 hours" },
    });
    const idle = deltaTable(store, engine);
    await idle.snapshot();
    const compacted = (from: number, to: number) => logKey(from, `${String(to).padStart(20, "0")}.compacted.json`);
    for (const name of [compacted(1, 2), compacted(5, 7), compacted(6, 7)]) await store.put(name, bytes("{}"));
    for (let seq = 1; seq <= 8; seq++) {
      if (seq === 8) nowMs += 7_200_000;
      await table.append(events(session, [{ id: "k", seq }]));
    }
    await table.append(events(session, [{ id: "k", seq: 9 }]));
    const left = await keysBelow(store, "t/_delta_log/0");
    expect(left.slice(0, 2)).toEqual([compacted(6, 7), logKey(6, "checkpoint.parquet")]);
    expect(await contents(session, await idle.snapshot())).toEqual(rowsTo(9));
    expect(await read(store)).toEqual(rowsTo(9));
    await expect(idle.snapshot({ version: 5 })).rejects.toMatchObject({ code: "TABLE_VERSION_NOT_FOUND" });
  });
});
