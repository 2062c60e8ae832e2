import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import type { RowFiles } from "../../src/table/table.ts";
import { EVENTS, events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

/** What a caller can count on who knows where the stored rows are. */
export function tableReplaceConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} replaces rows whose place the caller knows, and joins files`, () => {
    const setting = tableSetting(createEngine, create);
    const { newTable, rowsOf, abc } = setting;
    let session: QuerySession;
    let folder: TempFolder;
    beforeAll(async () => {
      ({ session } = setting.opened());
      folder = await tempFolder();
      return () => folder[Symbol.asyncDispose]();
    });

    /** Rows in a file, as writers bring them. */
    async function inFile(rows: Parameters<typeof events>[1]): Promise<RowFiles> {
      const path = join(folder.path, `${randomUUID()}.parquet`);
      return { session, files: [await session.writeParquet(events(session, rows).sql, EVENTS.fields, path)] };
    }
    const nothing = new Map<string, readonly number[]>();

    it("adds rows without touching others, and takes the file", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const rows = await inFile([{ id: "d", seq: 4 }]);
      const commit = await table.replace(rows, { leaving: nothing });
      expect(commit).toMatchObject({ version: 2, inserted: 1, replaced: 0, removed: [] });
      expect(commit.added).toMatchObject([{ path: commit.rowsFile, rows: 1 }]);
      expect(await rowsOf(other)).toEqual(["a@1", "b@2", "c@3", "d@4"]);
      expect(existsSync(rows.files[0]?.path ?? "")).toBe(false);
    });

    it("takes out rows of the files named, counts them, and tells where the others went", async () => {
      const { table, other } = await newTable();
      const first = (await table.append(abc())).rowsFile as string;
      const second = (await table.append(events(session, [{ id: "d", seq: 4 }]))).rowsFile as string;
      const third = (await table.append(events(session, [{ id: "e", seq: 5 }]))).rowsFile as string;
      const leaving = new Map([
        [first, [1]],
        [second, [0, 0]],
      ]);
      let counted: unknown;
      const metrics = (counts: object) => {
        counted = counts;
        return {};
      };
      const commit = await table.replace(await inFile([{ id: "b", seq: 9 }]), { leaving, metrics });
      expect(counted).toEqual({ inserted: -1, replaced: 2, kept: 0, deleted: 0 });
      expect(commit).toMatchObject({ replaced: 2 });
      expect(await rowsOf(other)).toEqual(["a@1", "b@9", "c@3", "e@5"]);
      const moved = commit.removed.map(({ path, movedTo }) => [
        path,
        movedTo === commit.rowsFile,
        movedTo === undefined,
      ]);
      expect(new Set(moved.map((one) => JSON.stringify(one)))).toEqual(
        new Set(
          [
            [first, false, false],
            [second, false, true],
          ].map((one) => JSON.stringify(one)),
        ),
      );
      expect((await table.snapshot()).files.map(({ path }) => path)).toContain(third);
    });

    it("leaves nothing of a file whose rows all go", async () => {
      const { table, other } = await newTable();
      const file = (await table.append(abc())).rowsFile as string;
      const commit = await table.replace(await inFile([{ id: "a", seq: 7 }]), {
        leaving: new Map([[file, [2, 0, 1]]]),
      });
      expect(commit).toMatchObject({ replaced: 3, removed: [{ path: file, movedTo: undefined }] });
      expect(await rowsOf(other)).toEqual(["a@7"]);
    });

    it("refuses where the caller's knowledge is of an older version, and leaves no file behind", async () => {
      const { table, other } = await newTable();
      const file = (await table.append(abc())).rowsFile as string;
      const basedOn = await table.snapshot();
      await other.append(events(session, [{ id: "n", seq: 4 }]));
      const conflict = { code: "TABLE_CONFLICT", retry: "rebase" };
      const rows = await inFile([{ id: "x", seq: 5 }]);
      await expect(table.replace(rows, { basedOn, leaving: nothing })).rejects.toMatchObject(conflict);
      expect(existsSync(rows.files[0]?.path ?? "")).toBe(false);
      await other.merge(events(session, [{ id: "a", seq: 6 }]), { key: ["id"] });
      const leaving = new Map([[file, [1]]]);
      await expect(table.replace(await inFile([{ id: "b", seq: 5 }]), { leaving })).rejects.toMatchObject(conflict);
      const later = await table.snapshot();
      const held = later.files.map(({ path }) => path);
      await other.optimize({ session });
      await expect(
        table.replace(await inFile([{ id: "b", seq: 5 }]), {
          basedOn: later,
          leaving: new Map(held.map((path) => [path, [0]])),
        }),
      ).rejects.toMatchObject(conflict);
      expect(await rowsOf(other)).toEqual(["a@6", "b@2", "c@3", "n@4"]);
      const kept = new Set([file, ...basedOn.files, ...held].map((one) => (typeof one === "string" ? one : one.path)));
      const garbage = await table.vacuum({ retentionMs: -60_000, dryRun: true, force: true });
      expect(garbage.filter((path) => !kept.has(path))).toEqual([]);
    });

    it("joins files up to a number of rows, as many at a time as it is told", async () => {
      const { table } = await newTable();
      for (let i = 0; i < 9; i++) await table.append(abc());
      const sizes = async () => (await table.snapshot()).files.map(({ rows }) => rows).sort();
      await table.optimize({ session, targetRows: 9, maxFiles: 1 });
      expect(await sizes()).toEqual([3, 3, 3, 3, 3, 3, 9]);
      await table.optimize({ session, targetRows: 9 });
      expect(await sizes()).toEqual([9, 9, 9]);
      expect(await table.optimize({ session, targetRows: 9 })).toBeUndefined();
    });

    it("refuses rows in other columns than the table's", async () => {
      const { table } = await newTable();
      const path = join(folder.path, `${randomUUID()}.parquet`);
      const files = [await session.writeParquet("SELECT 1", [{ name: "other", type: "integer" }], path)];
      await expect(table.replace({ session, files }, { leaving: nothing })).rejects.toMatchObject({
        code: "SCHEMA_MISMATCH",
      });
    });
  });
}
