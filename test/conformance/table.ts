import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { structType } from "../../src/engine/schema.ts";
import { contents, EVENTS, events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";

const SERIALIZABLE = { "delta.isolationLevel": "Serializable" };

export function tableConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} keeps the Table promises`, () => {
    const setting = tableSetting(createEngine, create);
    const { newTable, rowsOf, abc } = setting;
    let session: QuerySession;
    let harness: TableHarness;
    beforeAll(() => {
      ({ session, harness } = setting.opened());
    });

    it("is not there before it is created, and says so", async () => {
      const table = harness.open("tables/none");
      expect(await table.find()).toBeUndefined();
      await expect(table.snapshot()).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
      await expect(table.append(abc())).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
      await expect(table.snapshot({ version: 0 })).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
    });

    it("is created once, empty, at version 0, with its schema and properties", async () => {
      const { table, other } = await newTable({ ...SERIALIZABLE, "pinlake.definition": "abc" });
      const found = await other.find();
      expect(found).toMatchObject({ version: 0, schema: EVENTS, files: [] });
      expect(found?.configuration).toMatchObject({ "pinlake.definition": "abc" });
      await expect(other.create({ schema: EVENTS })).rejects.toMatchObject({ code: "TABLE_EXISTS" });
      await expect(table.create({ schema: EVENTS })).rejects.toMatchObject({ code: "TABLE_EXISTS" });
      expect(await rowsOf(other)).toEqual([]);
    });

    it("lets exactly one of many racing creators win", async () => {
      const racers = Array.from({ length: 8 }, () => harness.open("tables/raced"));
      const outcomes = await Promise.allSettled(racers.map((table) => table.create({ schema: EVENTS })));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "TABLE_EXISTS" });
    });

    it("appends rows, seen by every other reader at once", async () => {
      const { table, other } = await newTable();
      const commit = await table.append(abc());
      expect(commit).toMatchObject({ version: 1, inserted: 3, replaced: 0, removed: [] });
      expect(commit.added).toMatchObject([{ path: commit.rowsFile, rows: 3 }]);
      expect(await rowsOf(other)).toEqual(["a@1", "b@2", "c@3"]);
      expect(await (await other.snapshot()).countRows()).toBe(3);
    });

    it("finds columns by name, fills missing ones with NULL, and refuses others", async () => {
      const { table } = await newTable();
      await table.append({ session, sql: "SELECT CAST(7 AS INT) AS seq, 'x' AS id" });
      expect(await rowsOf(table)).toEqual(["x@7:null"]);
      await expect(table.append({ session, sql: "SELECT 'x' AS id, 1 AS other" })).rejects.toMatchObject({
        code: "SCHEMA_MISMATCH",
        details: { column: "other" },
      });
      await expect(
        table.append({ session, sql: "SELECT 'x' AS id, CAST(1.5 AS DOUBLE) AS seq" }),
      ).rejects.toMatchObject({ code: "SCHEMA_MISMATCH", details: { column: "seq" } });
      expect(await table.snapshot()).toMatchObject({ version: 1 });
    });

    it("keeps every version readable, by number and by time", async () => {
      const { table, other } = await newTable();
      await table.append(events(session, [{ id: "a", seq: 1 }]));
      const first = await table.snapshot();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await table.append(events(session, [{ id: "b", seq: 2 }]));
      expect(await rowsOf(other, { version: 0 })).toEqual([]);
      expect(await rowsOf(other, { version: 1 })).toEqual(["a@1"]);
      expect(await rowsOf(other, { timestampMs: first.timestampMs })).toEqual(["a@1"]);
      expect(await rowsOf(other, { timestampMs: Date.now() + 3_600_000 })).toEqual(["a@1", "b@2"]);
      expect(await contents(session, first)).toEqual(["a@1"]);
      await expect(other.snapshot({ version: 3 })).rejects.toMatchObject({
        code: "TABLE_VERSION_NOT_FOUND",
        details: { version: "3", latest: "2" },
      });
      await expect(other.snapshot({ timestampMs: 0 })).rejects.toMatchObject({ code: "TABLE_VERSION_NOT_FOUND" });
    });

    it("overwrites all rows, and may change the schema with them", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const commit = await table.overwrite(events(session, [{ id: "z", seq: 9 }]));
      expect(commit).toMatchObject({ inserted: 1, deleted: 3 });
      expect(commit.removed).toMatchObject([{ movedTo: undefined }]);
      expect(await rowsOf(other)).toEqual(["z@9"]);
      const schema = structType([{ name: "only", type: "integer" }]);
      await table.overwrite({ session, sql: "SELECT 5 AS only" }, { schema });
      const after = await other.snapshot();
      expect(after.schema).toEqual(schema);
      expect(await rowsOf(other, { version: 1 })).toEqual(["a@1", "b@2", "c@3"]);
    });

    it("overwrites only the rows that fit a condition; NULL fits none", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      await table.append(
        events(session, [
          { id: null, seq: 4 },
          { id: "a", seq: 5 },
        ]),
      );
      await table.append(events(session, [{ id: "a", seq: 6 }]));
      const misfits = events(session, [{ id: null, seq: 7 }]);
      const refused = table.overwrite(misfits, { where: "id = 'a'" });
      await expect(refused).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATED", details: { expression: "id = 'a'" } });
      const commit = await table.overwrite(events(session, [{ id: "a", seq: 7 }]), { where: "id = 'a'" });
      expect(commit).toMatchObject({ inserted: 1, deleted: 3 });
      expect(commit.removed.filter(({ movedTo }) => movedTo === undefined)).toHaveLength(1);
      expect(await rowsOf(other)).toEqual(["a@7", "b@2", "c@3", "null@4"]);
    });

    it("merges by key: new rows come in, stored ones give way where asked, others stay as they are", async () => {
      const { table, other } = await newTable();
      const first = await table.append(abc());
      const untouched = await table.append(events(session, [{ id: "z", seq: 1 }]));
      const rows = events(session, [
        { id: "a", seq: 10, note: "newer" },
        { id: "c", seq: 1, note: "older" },
        { id: "d", seq: 4 },
      ]);
      const commit = await table.merge(rows, { key: ["id"], replaceWhen: "source.seq > target.seq" });
      expect(commit).toMatchObject({ inserted: 1, replaced: 1, kept: 1, deleted: 0 });
      expect(await rowsOf(other)).toEqual(["a@10:newer", "b@2", "c@3", "d@4", "z@1"]);
      expect(commit.removed).toMatchObject([{ path: first.rowsFile }]);
      expect(commit.removed[0]?.movedTo).toBeDefined();
      expect((await other.snapshot()).files.map(({ path }) => path)).toContain(untouched.rowsFile);
    });

    it("rewrites nothing in a merge that replaces nothing, and still keeps its txns", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const commit = await table.merge(events(session, [{ id: "a", seq: 1 }]), {
        key: ["id"],
        replaceWhen: "source.seq > target.seq",
        txns: [{ appId: "job", version: 5n }],
        metrics: ({ kept }) => ({ seen: String(kept) }),
      });
      expect(commit).toMatchObject({ kept: 1, inserted: 0, replaced: 0, added: [], removed: [] });
      expect((await other.snapshot()).txns.get("job")).toBe(5n);
      const [newest] = await Array.fromAsync(other.history({ limit: 1 }));
      expect(newest?.operationMetrics).toMatchObject({ seen: "1" });
    });

    it("refuses a merge whose source has a key twice, and leaves the table as it was", async () => {
      const { table } = await newTable();
      await table.append(abc());
      const rows = events(session, [
        { id: "x", seq: 1 },
        { id: "x", seq: 2 },
      ]);
      await expect(table.merge(rows, { key: ["id"] })).rejects.toMatchObject({ code: "MERGE_AMBIGUOUS" });
      expect(await table.snapshot()).toMatchObject({ version: 1 });
    });

    it("tells its history, newest first", async () => {
      const { table, other } = await newTable();
      await table.append(abc(), { metrics: ({ inserted }) => ({ "pinlake.rows": String(inserted) }) });
      await table.touch({ operation: "NOTE" });
      const entries = await Array.fromAsync(other.history());
      expect(entries.map(({ version, operation }) => [version, operation])).toEqual([
        [2, "NOTE"],
        [1, "WRITE"],
        [0, "CREATE TABLE"],
      ]);
      expect(entries[1]?.operationMetrics).toMatchObject({ "pinlake.rows": "3", numOutputRows: "3" });
      expect(await Array.fromAsync(other.history({ limit: 1 }))).toHaveLength(1);
    });

    it("reads the same after a checkpoint and without one, at every version", async () => {
      const { table, reopen } = await newTable({ ...SERIALIZABLE, "delta.checkpointInterval": "3" });
      const expected: string[][] = [[]];
      for (let seq = 1; seq <= 8; seq++) {
        await table.merge(
          events(session, [
            { id: `k${seq % 3}`, seq },
            { id: `only${seq}`, seq },
          ]),
          { key: ["id"], txns: [{ appId: "job", version: BigInt(seq) * 2n ** 55n }] },
        );
        expected.push(await rowsOf(table));
      }
      await table.checkpoint();
      for (const [version, rows] of expected.entries()) expect(await rowsOf(reopen(), { version })).toEqual(rows);
      const fresh = await reopen().snapshot();
      expect(fresh).toMatchObject({ version: 8, schema: EVENTS });
      expect(fresh.txns.get("job")).toBe(8n * 2n ** 55n);
      await reopen().append(events(session, [{ id: "after", seq: 1 }]));
      expect(await (await table.snapshot()).countRows()).toBe((expected[8]?.length ?? 0) + 1);
    });

    it("joins small files without changing a row, and says where each went", async () => {
      const { table, other } = await newTable();
      for (let seq = 0; seq < 4; seq++) await table.append(events(session, [{ id: `k${seq}`, seq }]));
      const before = await table.snapshot();
      await other.append(events(session, [{ id: "meanwhile", seq: 9 }]));
      const commit = await table.optimize({ session, basedOn: before });
      const [joined] = commit?.added ?? [];
      expect(commit?.removed).toEqual(before.files.map(({ path }) => ({ path, movedTo: joined?.path })));
      expect((await other.snapshot()).files).toHaveLength(2);
      expect(await rowsOf(other)).toEqual(["k0@0", "k1@1", "k2@2", "k3@3", "meanwhile@9"]);
      expect(await contents(session, before)).toEqual(["k0@0", "k1@1", "k2@2", "k3@3"]);
      await table.optimize({ session });
      expect(await table.optimize({ session })).toBeUndefined();
    });

    it("vacuums what no version within the retention needs, and refuses to go below the table's own", async () => {
      const { table } = await newTable();
      await table.append(abc());
      const [old] = (await table.snapshot()).files;
      await table.overwrite(events(session, [{ id: "z", seq: 1 }]));
      await expect(table.vacuum({ retentionMs: 0 })).rejects.toMatchObject({ code: "USAGE" });
      expect(await table.vacuum({ retentionMs: 7 * 86_400_000 })).toEqual([]);
      const forced = { retentionMs: -60_000, force: true };
      expect(await table.vacuum({ ...forced, dryRun: true })).toEqual([old?.path]);
      expect(await rowsOf(table, { version: 1 })).toEqual(["a@1", "b@2", "c@3"]);
      expect(await table.vacuum(forced)).toEqual([old?.path]);
      expect(await rowsOf(table)).toEqual(["z@1"]);
    });

    it("stops at an aborted signal without a trace", async () => {
      const { table } = await newTable();
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(table.append(abc(), { signal })).rejects.toThrow("enough");
      expect(await table.vacuum({ retentionMs: -60_000, dryRun: true, force: true })).toEqual([]);
    });
  });
}
