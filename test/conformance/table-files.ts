import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import type { RowFiles, Table } from "../../src/table/table.ts";
import { EVENTS, type Event, events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** What writers count on who bring their rows in files. */
export function tableFilesConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} takes rows in files`, () => {
    const setting = tableSetting(createEngine, create);
    const { newTable, rowsOf, abc } = setting;
    let session: QuerySession;
    let folder: TempFolder;
    beforeAll(async () => {
      ({ session } = setting.opened());
      folder = await tempFolder();
      return () => folder[Symbol.asyncDispose]();
    });

    async function inFiles(...files: readonly (readonly Event[])[]): Promise<RowFiles> {
      const written = files.map((rows) =>
        session.writeParquet(events(session, rows).sql, EVENTS.fields, join(folder.path, `${randomUUID()}.parquet`)),
      );
      return { session, files: await Promise.all(written) };
    }
    const left = ({ files }: RowFiles) => files.filter(({ path }) => existsSync(path));
    /** Files that are in no version. */
    const orphans = (table: Table) => table.vacuum({ retentionMs: -60_000, force: true, dryRun: true });
    const d4: Event = { id: "d", seq: 4 };
    const e5: Event = { id: "e", seq: 5 };

    it("appends them as they are, but for empty ones", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const rows = await inFiles([d4], [], [e5, { id: "f", seq: 6 }]);
      const commit = await table.append(rows);
      expect(commit).toMatchObject({ version: 2, inserted: 3, rowsFile: undefined });
      expect(commit.added.map((file) => file.rows)).toEqual([1, 2]);
      expect(await rowsOf(other)).toEqual(["a@1", "b@2", "c@3", "d@4", "e@5", "f@6"]);
      expect([left(rows), await orphans(table)]).toEqual([[], []]);
    });

    it("puts them in the place of all rows, and of those that fit a condition", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      await table.overwrite(await inFiles([d4], [e5]), { where: "seq = 2 OR seq > 3" });
      expect(await rowsOf(other)).toEqual(["a@1", "c@3", "d@4", "e@5"]);
      await table.overwrite(await inFiles([d4]));
      expect(await rowsOf(other)).toEqual(["d@4"]);
      await table.overwrite({ session, files: [] });
      expect(await rowsOf(other)).toEqual([]);
    });

    it("merges them: as they are when no stored key is in them or all are replaced, else those that win", async () => {
      const { table, other } = await newTable();
      const merge = { key: ["id"], replaceWhen: "source.seq > target.seq" };
      const first = await table.merge(await inFiles([{ id: "a", seq: 1 }], [{ id: "b", seq: 2 }]), merge);
      expect(first).toMatchObject({ inserted: 2, replaced: 0, kept: 0 });
      const second = await table.merge(await inFiles([{ id: "a", seq: 5 }], [{ id: "c", seq: 3 }]), merge);
      expect(second).toMatchObject({ inserted: 1, replaced: 1, kept: 0 });
      const rows = await inFiles([{ id: "a", seq: 4 }], [{ id: "b", seq: 9 }, d4]);
      expect(await table.merge(rows, merge)).toMatchObject({ inserted: 1, replaced: 1, kept: 1 });
      expect(await rowsOf(other)).toEqual(["a@5", "b@9", "c@3", "d@4"]);
      expect(left(rows)).toEqual([]);
    });

    it("refuses keys that repeat, in one file or in two", async () => {
      const { table } = await newTable();
      const merge = async (rows: RowFiles) => table.merge(rows, { key: ["id"] });
      await expect(merge(await inFiles([d4, d4]))).rejects.toMatchObject({ code: "MERGE_AMBIGUOUS" });
      await expect(merge(await inFiles([d4], [d4]))).rejects.toMatchObject({ code: "MERGE_AMBIGUOUS" });
    });

    it("keeps none of a commit that failed", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const basedOn = await table.snapshot();
      await other.append(events(session, [d4]));
      const txns = [{ appId: "job", version: 3n }];
      await table.append(events(session, [e5]), { txns });
      const tries: [RowFiles, (rows: RowFiles) => Promise<unknown>][] = [
        [await inFiles([d4]), (rows) => table.merge(rows, { key: ["id"], basedOn })],
        [await inFiles([d4], [e5]), (rows) => table.overwrite(rows, { basedOn })],
        [await inFiles([d4]), (rows) => table.append(rows, { txns })],
      ];
      for (const [rows, work] of tries) {
        await expect(work(rows)).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
        expect([left(rows), await orphans(table)]).toEqual([[], []]);
      }
      expect(await rowsOf(other)).toEqual(["a@1", "b@2", "c@3", "d@4", "e@5"]);
    });

    it("follows what others append meanwhile, with each file once", async () => {
      const { table, other } = await newTable();
      const basedOn = await table.snapshot();
      await other.append(abc());
      const commit = await table.append(await inFiles([d4], [e5]), { basedOn });
      expect(commit.version).toBe(2);
      expect((await other.snapshot()).files).toHaveLength(3);
      expect(await rowsOf(other)).toEqual(["a@1", "b@2", "c@3", "d@4", "e@5"]);
    });

    it("refuses files with other columns than its own", async () => {
      const { table } = await newTable();
      const path = join(folder.path, `${randomUUID()}.parquet`);
      const columns = EVENTS.fields.toReversed();
      const file = await session.writeParquet("SELECT '' AS note, CAST(1 AS BIGINT) AS seq, 'x' AS id", columns, path);
      const rows = { session, files: [file] };
      await expect(table.append(rows)).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
      await expect(table.merge(rows, { key: ["id"] })).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
      expect([left(rows), await orphans(table)]).toEqual([[], []]);
    });
  });
}
