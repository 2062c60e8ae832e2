import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";

export function tableDeleteConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} keeps the Table promises when rows are deleted`, () => {
    const { newTable, rowsOf, abc, opened } = tableSetting(createEngine, create);
    let session: QuerySession;
    beforeAll(() => {
      ({ session } = opened());
    });

    it("takes out the rows that fit a condition, NULL fits none; a file without rows left has no successor", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      await table.append(events(session, [{ id: null, seq: 4 }]));
      const whole = await table.append(events(session, [{ id: "a", seq: 5 }]));
      const commit = await table.delete({ session, where: "id = 'a'" });
      expect(commit).toMatchObject({ version: 4, inserted: 0, deleted: 2, rowsFile: undefined });
      expect(commit.added).toMatchObject([{ rows: 2 }]);
      expect(commit.removed.filter(({ movedTo }) => movedTo === undefined)).toMatchObject([{ path: whole.rowsFile }]);
      expect(await rowsOf(other)).toEqual(["b@2", "c@3", "null@4"]);
      expect(await rowsOf(other, { version: 3 })).toHaveLength(5);
    });

    it("remembers its txn also when no row fits", async () => {
      const { table } = await newTable();
      await table.append(abc());
      const txns = [{ appId: "job", version: 1n }];
      const gone = { session, where: "id = 'z'", txns };
      expect(await table.delete(gone)).toMatchObject({ version: 2, deleted: 0, added: [], removed: [] });
      await expect(table.delete(gone)).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    });

    it("is refused over a version that brought rows or took out its files", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const basedOn = await table.snapshot();
      await other.append(events(session, [{ id: "a", seq: 9 }]));
      const late = { session, where: "id = 'a'", basedOn };
      await expect(table.delete(late)).rejects.toMatchObject({ code: "TABLE_CONFLICT", retry: "rebase" });
      expect(await rowsOf(other)).toEqual(["a@1", "a@9", "b@2", "c@3"]);
      const { table: loose, other: second } = await newTable({});
      await loose.append(abc());
      const before = await loose.snapshot();
      await second.delete({ session, where: "id = 'b'" });
      const both = loose.delete({ session, where: "id = 'a'", basedOn: before });
      await expect(both).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      expect(await rowsOf(second)).toEqual(["a@1", "c@3"]);
    });

    it("is refused where rows can only be appended, whether or not one fits", async () => {
      const { table } = await newTable({ "delta.appendOnly": "true" });
      await table.append(abc());
      for (const where of ["id = 'a'", "id = 'z'"])
        await expect(table.delete({ session, where })).rejects.toMatchObject({ code: "TABLE_UNSUPPORTED" });
      expect(await rowsOf(table)).toEqual(["a@1", "b@2", "c@3"]);
    });
  });
}
