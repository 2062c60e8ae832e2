import { describe, expect, it } from "vitest";
import { structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { deltaTable } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { allRows, contents, EVENTS, events } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

describe("a table that is to be what it was", () => {
  async function newTable() {
    const store = createMemoryStore();
    const table = deltaTable(store, engine);
    await table.create({ schema: EVENTS });
    await table.append(events(session, [{ id: "a", seq: 1 }]));
    await table.merge(
      events(session, [
        { id: "a", seq: 2 },
        { id: "b", seq: 2 },
      ]),
      { key: ["id"] },
    );
    return { store, table };
  }
  const rows = async (store: ObjectStore) => contents(session, await deltaTable(store, engine).snapshot());

  it("is restored to a version, by removes and adds in one commit, and back", async () => {
    const { store, table } = await newTable();
    expect(await table.restore({ at: { version: 1 } })).toMatchObject({ version: 3 });
    expect(await rows(store)).toEqual(["a@1"]);
    await table.restore({ at: { version: 2 } });
    expect(await rows(store)).toEqual(["a@2", "b@2"]);
    const [restored] = await Array.fromAsync(table.history({ limit: 1 }));
    expect(restored).toMatchObject({
      operation: "RESTORE",
      operationParameters: { version: "2" },
      operationMetrics: { numRestoredFiles: "1", numRemovedFiles: "1" },
    });
  });

  it("is restored to a time, with its schema and properties of then, and keeps its txns", async () => {
    const { store, table } = await newTable();
    const { timestampMs, schema } = await table.snapshot();
    const other = structType([{ name: "other", type: "long" }]);
    const txns = [{ appId: "job", version: 3n }];
    await table.overwrite({ session, sql: "SELECT 1 AS other" }, { schema: other, configuration: { x: "y" }, txns });
    await table.restore({ at: { timestampMs } });
    const snapshot = await deltaTable(store, engine).snapshot();
    expect(await rows(store)).toEqual(["a@2", "b@2"]);
    expect([snapshot.schema, snapshot.configuration]).toEqual([schema, {}]);
    expect([...snapshot.txns]).toEqual([["job", 3n]]);
  });

  it("names the files that are gone, and stays what it is", async () => {
    const { store, table } = await newTable();
    const [file] = (await table.snapshot({ version: 1 })).files;
    await table.vacuum({ retentionMs: -60_000, force: true });
    await expect(table.restore({ at: { version: 1 } })).rejects.toMatchObject({
      code: "TABLE_FILES_MISSING",
      details: { version: "1", files: [file?.path] },
    });
    await expect(table.restore({ at: { version: 9 } })).rejects.toMatchObject({ code: "TABLE_VERSION_NOT_FOUND" });
    expect((await deltaTable(store, engine).snapshot()).version).toBe(2);
    expect(await rows(store)).toEqual(["a@2", "b@2"]);
  });

  it("does not take back what somebody appends meanwhile", async () => {
    const { store, table } = await newTable();
    const basedOn = await table.snapshot();
    await deltaTable(store, engine).append(events(session, [{ id: "c", seq: 3 }]));
    await expect(table.restore({ at: { version: 1 }, basedOn })).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    expect(await rows(store)).toEqual(["a@2", "b@2", "c@3"]);
  });

  it("has its missing files named by fsck, and taken out by its repair", async () => {
    const { store, table } = await newTable();
    await table.append(
      events(session, [
        { id: "c", seq: 3 },
        { id: "d", seq: 4 },
      ]),
    );
    const lost = (await table.append(events(session, [{ id: "e", seq: 5 }]))).added[0]?.path as string;
    expect(await table.fsck()).toEqual({ version: 4, checkedFiles: 3, missing: [], repairedIn: undefined });
    expect(await table.fsck({ dryRun: false })).toMatchObject({ missing: [], repairedIn: undefined });
    await store.delete(`t/${lost}`);
    const missing = [{ path: lost, rows: 1, dataFileMissing: true, deletionVectorMissing: undefined }];
    expect(await table.fsck()).toEqual({ version: 4, checkedFiles: 3, missing, repairedIn: undefined });
    await expect(allRows(session, await table.snapshot())).rejects.toThrow();
    expect(await table.fsck({ dryRun: false })).toEqual({ version: 4, checkedFiles: 3, missing, repairedIn: 5 });
    expect(await rows(store)).toEqual(["a@2", "b@2", "c@3", "d@4"]);
    expect((await Array.fromAsync(table.history({ limit: 1 })))[0]).toMatchObject({ operation: "FSCK" });
  });
});
