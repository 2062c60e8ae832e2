import { describe, expect, it } from "vitest";
import { PinlakeError } from "../../../src/errors.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { deltaTable, keysBelow } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { contents, EVENTS, events } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

const DAY_MS = 86_400_000;

describe("what keeps a table small", () => {
  /** A table whose files lie in the past of its clock. */
  async function agedTable(ageMs: number) {
    let nowMs = Date.now();
    const store = createMemoryStore();
    const table = deltaTable(store, engine, { clock: { now: () => nowMs, monotonic: () => 0, sleep: async () => {} } });
    await table.create({ schema: EVENTS });
    await table.append(events(session, [{ id: "a", seq: 1 }]));
    nowMs += ageMs;
    return { store, table, pass: (ms: number) => (nowMs += ms) };
  }

  it("spares an old file that was removed lately, for readers of the version before", async () => {
    const { table, pass } = await agedTable(8 * DAY_MS);
    await table.overwrite(events(session, [{ id: "b", seq: 2 }]));
    pass(6 * DAY_MS);
    expect(await table.vacuum({ retentionMs: 7 * DAY_MS })).toEqual([]);
    expect(await contents(session, await table.snapshot({ version: 1 }))).toEqual(["a@1"]);
    pass(2 * DAY_MS);
    expect(await table.vacuum({ retentionMs: 7 * DAY_MS })).toHaveLength(1);
    expect(await contents(session, await table.snapshot())).toEqual(["b@2"]);
  });

  it("removes what was never committed once it is old enough, and nothing of the log or hidden folders", async () => {
    const { store, table, pass } = await agedTable(0);
    for (const name of ["part-lost.parquet", "sub/part-lost.parquet", "_index/x.parquet", ".hidden/x", "sub/_x"])
      await store.put(`t/${name}`, new Uint8Array([1]));
    pass(6 * DAY_MS);
    expect(await table.vacuum({ retentionMs: 7 * DAY_MS })).toEqual([]);
    pass(2 * DAY_MS);
    expect(await table.vacuum({ retentionMs: 7 * DAY_MS })).toEqual(["part-lost.parquet", "sub/part-lost.parquet"]);
    expect(await contents(session, await table.snapshot())).toEqual(["a@1"]);
    expect(await keysBelow(store, "t/_delta_log/")).toHaveLength(2);
  });

  it("spares the files of a commit that is on its way, whatever the clock says of their age", async () => {
    let nowMs = Date.now();
    const clock = { now: () => nowMs, monotonic: () => 0, sleep: async () => {} };
    const store = createMemoryStore();
    const other = deltaTable(store, engine, { clock });
    await other.create({ schema: EVENTS });
    const putIfAbsent: ObjectStore["putIfAbsent"] = async (key, body) => {
      nowMs += 8 * DAY_MS;
      expect(await other.vacuum()).toEqual([]);
      return store.putIfAbsent(key, body);
    };
    await deltaTable({ ...store, putIfAbsent }, engine, { clock }).append(events(session, [{ id: "a", seq: 1 }]));
    expect(await contents(session, await other.snapshot())).toEqual(["a@1"]);

    const lost = async () => Promise.reject(new PinlakeError("STORAGE_FULL", { path: "t" }));
    const full = deltaTable({ ...store, putIfAbsent: lost, delete: lost }, engine, { clock });
    await expect(full.append(events(session, [{ id: "b", seq: 2 }]))).rejects.toThrow();
    nowMs += 8 * DAY_MS;
    expect(await other.vacuum()).toHaveLength(1);
  });

  it.each([{ "delta.checkpoint.writeStatsAsStruct": "true" }, { "delta.checkpoint.writeStatsAsJson": "false" }])(
    "leaves checkpoints of another form than ours to others: %o",
    async (configuration) => {
      const store = createMemoryStore();
      const table = deltaTable(store, engine);
      await table.create({ schema: EVENTS, configuration: { ...configuration, "delta.checkpointInterval": "2" } });
      for (const id of ["a", "b", "c"]) await table.append(events(session, [{ id, seq: 1 }]));
      const refused = { code: "TABLE_UNSUPPORTED", details: { feature: expect.stringContaining("delta.checkpoint.") } };
      await expect(table.checkpoint()).rejects.toMatchObject(refused);
      expect((await keysBelow(store, "t/_delta_log/")).filter((key) => key.includes("checkpoint"))).toEqual([]);
      expect(await contents(session, await table.snapshot())).toEqual(["a@1", "b@1", "c@1"]);
    },
  );
});
