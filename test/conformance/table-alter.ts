import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { structType } from "../../src/engine/schema.ts";
import type { Snapshot } from "../../src/table/table.ts";
import { allRows, events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";

export function tableAlterConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} keeps the Table promises when its definition changes`, () => {
    const setting = tableSetting(createEngine, create);
    const { newTable, rowsOf, abc } = setting;
    let session: QuerySession;
    let harness: TableHarness;
    beforeAll(() => {
      ({ session, harness } = setting.opened());
    });
    const names = ({ columns }: Snapshot) => columns.map((column) => column.name);
    const count = { name: "count", type: "integer" } as const;

    it("has new columns, which are NULL in the rows that were there, and takes rows with them", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const before = await table.snapshot();
      expect(await table.alter({ addColumns: [{ ...count, description: "how many" }] })).toMatchObject({ version: 2 });
      await other.append({ session, sql: "SELECT 'd' AS id, 4 AS seq, '' AS note, 7 AS count" });
      const after = await other.snapshot();
      expect(names(after)).toEqual(["id", "seq", "note", "count"]);
      expect(after.schema.fields.at(-1)).toMatchObject({ nullable: true, metadata: { comment: "how many" } });
      expect(await allRows(session, after, "WHERE id >= 'c' ORDER BY id")).toEqual([
        ["c", 3n, "", null],
        ["d", 4n, "", 7],
      ]);
      expect(names(before)).toEqual(["id", "seq", "note"]);
      expect(await allRows(session, before)).toHaveLength(3);
      const [entry] = await Array.fromAsync(other.history({ limit: 1 }));
      expect(entry?.operation).toBe("WRITE");
    });

    it("has new fields in structs, also in those of lists and maps", async () => {
      const point = structType([{ name: "x", type: "long" }]);
      const schema = structType([
        { name: "at", type: point },
        { name: "path", type: { type: "array", elementType: point, containsNull: true } },
        { name: "named", type: { type: "map", keyType: "string", valueType: point, valueContainsNull: true } },
      ]);
      const table = harness.open("tables/nested");
      await table.create({ schema });
      await table.append({ session, sql: "SELECT {'x': 1} AS at, [{'x': 2}] AS path, MAP {'a': {'x': 3}} AS named" });
      const y = { name: "y", type: "string" } as const;
      await table.alter({
        addColumns: [["at"], ["path", "element"], ["named", "value"]].map((path) => ({ ...y, in: path })),
      });
      const stored = [{ x: 1n, y: null }, [{ x: 2n, y: null }], new Map([["a", { x: 3n, y: null }]])];
      expect(await allRows(session, await table.snapshot())).toEqual([stored]);
      await expect(table.alter({ addColumns: [{ ...y, in: ["at"] }] })).rejects.toMatchObject({
        code: "SCHEMA_MISMATCH",
        details: { column: "at.y" },
      });
    });

    it.each([
      [{ name: "SEQ", type: "long" } as const, "SCHEMA_MISMATCH"],
      [{ name: "a b", type: "long" } as const, "TABLE_UNSUPPORTED"],
      [{ name: "x", type: "long", in: ["gone"] } as const, "SCHEMA_MISMATCH"],
      [{ name: "x", type: "long", in: ["seq"] } as const, "SCHEMA_MISMATCH"],
    ])("refuses the new column %j", async (column, code) => {
      const { table } = await newTable();
      await expect(table.alter({ addColumns: [column] })).rejects.toMatchObject({ code });
      expect(await table.snapshot()).toMatchObject({ version: 0 });
    });

    it("has properties set and unset", async () => {
      const { table, other } = await newTable({ "my.own": "1" });
      await table.alter({ setProperties: { "my.own": "2", "delta.appendOnly": "true" } });
      expect((await other.snapshot()).configuration).toEqual({ "my.own": "2", "delta.appendOnly": "true" });
      await expect(other.delete({ session, where: "true" })).rejects.toMatchObject({ code: "TABLE_UNSUPPORTED" });
      await table.alter({ unsetProperties: ["delta.appendOnly", "was.never"] });
      expect((await other.snapshot()).configuration).toEqual({ "my.own": "2" });
      await expect(table.alter({ setProperties: { "delta.appendOnly": "maybe" } })).rejects.toMatchObject({
        code: "USAGE",
      });
      await expect(table.alter({ unsetProperties: ["delta.constraints.x"] })).rejects.toMatchObject({ code: "USAGE" });
      expect((await Array.fromAsync(other.history())).map(({ operation }) => operation)).toEqual([
        "UNSET TBLPROPERTIES",
        "SET TBLPROPERTIES",
        "CREATE TABLE",
      ]);
    });

    it("follows appends, and no other change of the definition", async () => {
      const { table, other } = await newTable({});
      const base = await table.snapshot();
      await other.append(abc());
      await table.alter({ addColumns: [count] }, { basedOn: base });
      await expect(other.alter({ setProperties: { "my.own": "1" } }, { basedOn: base })).rejects.toMatchObject({
        code: "TABLE_CONFLICT",
      });
      await expect(other.append(abc(), { basedOn: base })).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      expect(await table.snapshot()).toMatchObject({ version: 2 });
    });

    it("gets the columns that rows bring only where the writer asks for it", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const rows = { session, sql: "SELECT 'd' AS id, 4 AS seq, {'n': 1, 'm': NULL::VARCHAR} AS extra" };
      await expect(table.append(rows)).rejects.toMatchObject({ code: "SCHEMA_MISMATCH", details: { column: "extra" } });
      await table.append(rows, { mergeSchema: true });
      const { schema } = await other.snapshot();
      expect(schema.fields.at(-1)).toMatchObject({ name: "extra", nullable: true, type: { type: "struct" } });
      // A field that the struct lacks is neither taken nor left out by itself.
      const more = { session, sql: "SELECT 'e' AS id, {'k': true, 'n': 2} AS extra" };
      await expect(table.append(more)).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
      await table.append(more, { mergeSchema: true });
      expect(await allRows(session, await other.snapshot(), "WHERE id >= 'c' ORDER BY id")).toEqual([
        ["c", 3n, "", null],
        ["d", 4n, null, { n: 1, m: null, k: null }],
        ["e", null, null, { n: 2, m: null, k: true }],
      ]);
      const { version } = await table.snapshot();
      await table.append(events(session, [{ id: "f", seq: 6 }]), { mergeSchema: true });
      expect(await table.snapshot()).toMatchObject({ version: version + 1, schema: (await other.snapshot()).schema });
      await expect(table.append({ session, sql: "SELECT 'x' AS extra" }, { mergeSchema: true })).rejects.toMatchObject({
        code: "SCHEMA_MISMATCH",
      });
      expect(await rowsOf(table, { version: 1 })).toEqual(["a@1", "b@2", "c@3"]);
    });

    it("gets new columns by a merge and by an overwrite as well", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const rows = { session, sql: "SELECT 'a' AS id, 9 AS seq, 1 AS one" };
      await expect(table.merge(rows, { key: ["id"] })).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
      expect(await table.merge(rows, { key: ["id"], mergeSchema: true })).toMatchObject({ replaced: 1 });
      expect(await allRows(session, await other.snapshot(), "WHERE id < 'c' ORDER BY id")).toEqual([
        ["a", 9n, null, 1],
        ["b", 2n, "", null],
      ]);
      const fresh = { session, sql: "SELECT 'z' AS id, 2 AS two" };
      await table.overwrite(fresh, { mergeSchema: true, where: "id IN ('a', 'z')" });
      expect(await allRows(session, await other.snapshot(), "WHERE id <> 'c' ORDER BY id")).toEqual([
        ["b", 2n, "", null, null],
        ["z", null, null, null, 2],
      ]);
    });
  });
}
