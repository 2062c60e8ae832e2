import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import type { StructField, StructType } from "../../src/engine/schema.ts";
import type { Table } from "../../src/table/table.ts";
import { allRows } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";
import { tempFolder } from "../support/temp-folder.ts";

const field = (name: string, type: StructField["type"], more: Partial<StructField> = {}): StructField => ({
  name,
  type,
  nullable: true,
  metadata: {},
  ...more,
});
const schema: StructType = {
  type: "struct",
  fields: [
    field("tags", { type: "array", elementType: "string", containsNull: true }),
    field("id", "string", { nullable: false }),
    field("n", "integer", {
      metadata: { "delta.invariants": JSON.stringify({ expression: { expression: "n < 1000" } }) },
    }),
    field("at", { type: "struct", fields: [field("x", "double", { nullable: false })] }),
  ],
};
const configuration = { "delta.constraints.positive": "n > 0" };

export function tableConstraintConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} keeps the Table promises about what its rows must be`, () => {
    const setting = tableSetting(createEngine, create);
    let session: QuerySession;
    let harness: TableHarness;
    let tables = 0;
    beforeAll(() => {
      ({ session, harness } = setting.opened());
    });
    const demanding = async (more: object = {}): Promise<Table> => {
      const table = harness.open(`tables/demanding${tables++}`);
      await table.create({ schema, configuration, ...more });
      return table;
    };
    const rows = (id: string, n: string, at = "{'x': 1.5}") => ({
      session,
      sql: `SELECT ${id} AS id, CAST(${n} AS INTEGER) AS n, ${at} AS at, ['t'] AS tags`,
    });
    const good = () => rows("'a'", "1");
    const broken = (constraint: string, row: string) => ({
      code: "CONSTRAINT_VIOLATED",
      details: { constraint, row },
    });
    const left = async (table: Table) => table.vacuum({ retentionMs: -60_000, dryRun: true, force: true });

    it.each<[string, string, Parameters<typeof rows>]>([
      ["NOT NULL id", "id = NULL", ["NULL", "1"]],
      ["NOT NULL at.x", "at = {'x': NULL}", ["'a'", "1", "{'x': NULL::DOUBLE}"]],
      ["NOT NULL at.x", "at = NULL", ["'a'", "1", "NULL"]],
      ["positive", "n = -1", ["'a'", "-1"]],
      ["invariant of n", "n = 1000", ["'a'", "1000"]],
      // As in Spark, NULL is no yes.
      ["invariant of n", "n = NULL", ["'a'", "NULL"]],
    ])("refuses a row that breaks %s (%s), and leaves nothing behind", async (constraint, row, values) => {
      const table = await demanding();
      await table.append(good());
      const given = rows(...values);
      const writes = [table.append(given), table.overwrite(given), table.merge(given, { key: ["id"] })];
      for (const outcome of await Promise.allSettled(writes))
        expect(outcome).toMatchObject({ status: "rejected", reason: broken(constraint, row) });
      expect(await table.snapshot()).toMatchObject({ version: 1 });
      expect(await left(table)).toEqual([]);
    });

    it("takes rows that keep all of them, whatever the rest of a column's type", async () => {
      const table = await demanding();
      await table.append({ session, sql: `${good().sql} UNION ALL ${rows("'b'", "999").sql}` });
      await table.merge(rows("'a'", "2"), { key: ["id"] });
      expect(await allRows(session, await table.snapshot(), "ORDER BY id")).toEqual([
        [["t"], "a", 2, { x: 1.5 }],
        [["t"], "b", 999, { x: 1.5 }],
      ]);
      await table.delete({ session, where: "id = 'b'" });
      await table.optimize({ session });
      expect(await allRows(session, await table.snapshot())).toHaveLength(1);
    });

    it("refuses an update and a clause of a merge that would break one", async () => {
      const table = await demanding();
      await table.append(good());
      const zero = { session, set: { n: "n - 1" } };
      await expect(table.update(zero)).rejects.toMatchObject(broken("positive", "n = 0"));
      const merged = table.mergeInto(
        { session, sql: "SELECT 'a' AS id" },
        { on: "source.id = target.id", whenMatched: [{ update: { id: "NULL" } }] },
      );
      await expect(merged).rejects.toMatchObject(broken("NOT NULL id", "id = NULL"));
      expect(await table.snapshot()).toMatchObject({ version: 1 });
    });

    it("looks into files that are handed over", async () => {
      await using folder = await tempFolder();
      const table = harness.open(`tables/demanding${tables++}`);
      const fields = [field("n", "long")];
      await table.create({ schema: { type: "struct", fields }, configuration });
      const file = (sql: string, name: string) => session.writeParquet(sql, fields, `${folder.path}/${name}`);
      const bad = { session, files: [await file("SELECT unnest([3, -7]) AS n", "bad")] };
      await expect(table.append(bad)).rejects.toMatchObject(broken("positive", "n = -7"));
      await table.append({ session, files: [await file("SELECT unnest([3, 7]) AS n", "good")] });
      expect(await allRows(session, await table.snapshot())).toEqual([[3n], [7n]]);
    });

    it("demands of partition columns as well, where empty text is NULL", async () => {
      const table = await demanding({ partitionColumns: ["id"] });
      await table.append(good());
      await expect(table.append(rows("''", "1"))).rejects.toMatchObject({ code: "CONSTRAINT_VIOLATED" });
      await expect(table.append(rows("'b'", "0"))).rejects.toMatchObject(broken("positive", "n = 0"));
      expect(await table.snapshot()).toMatchObject({ version: 1 });
    });

    it("asks only of rows that are written, not of those that the query leaves out", async () => {
      const table = await demanding();
      const some = `SELECT * FROM (${good().sql} UNION ALL ${rows("NULL", "-5").sql}) AS s WHERE id IS NOT NULL AND EXISTS (SELECT 1 FROM (VALUES ('a')) AS v(k) WHERE v.k = s.id)`;
      expect(await table.append({ session, sql: some })).toMatchObject({ inserted: 1 });
    });

    it("shows a part of a value that is long", async () => {
      const table = harness.open(`tables/demanding${tables++}`);
      await table.create({
        schema: { type: "struct", fields: [field("text", "string")] },
        configuration: { "delta.constraints.short": "length(text) < 10" },
      });
      const refused = table.append({ session, sql: "SELECT repeat('x', 100000) AS text" });
      await expect(refused).rejects.toMatchObject(broken("short", `text = ${"x".repeat(100)}…`));
    });

    it("refuses writes where a constraint may mean something else here than in Spark, by its name", async () => {
      const table = harness.open(`tables/demanding${tables++}`);
      const refused = { code: "TABLE_UNSUPPORTED", message: expect.stringContaining("delta_only") };
      const asked = { "delta.constraints.delta_only": "id rlike '^[a-z]+$'" };
      await expect(table.create({ schema, configuration: asked })).rejects.toMatchObject(refused);
      await table.create({ schema });
      const check = { session, name: "delta_only", check: "id > 5" };
      await expect(table.alter({ addConstraint: check })).rejects.toMatchObject(refused);
      await expect(table.alter({ addConstraint: { ...check, check: "n" } })).rejects.toMatchObject(refused);
    });

    it("refuses NOT NULL where it cannot look: in lists and maps", async () => {
      const table = harness.open(`tables/demanding${tables++}`);
      const inner: StructType = { type: "struct", fields: [field("x", "long", { nullable: false })] };
      for (const type of [
        { type: "array", elementType: inner, containsNull: true } as const,
        { type: "map", keyType: "string", valueType: inner, valueContainsNull: true } as const,
      ])
        await expect(table.create({ schema: { type: "struct", fields: [field("l", type)] } })).rejects.toMatchObject({
          code: "TABLE_UNSUPPORTED",
          message: expect.stringContaining('NOT NULL field "x"'),
        });
    });

    it("gets a constraint only where its rows keep it, and can lose it", async () => {
      const table = harness.open(`tables/demanding${tables++}`);
      const other = harness.open(`tables/demanding${tables - 1}`);
      await table.create({ schema });
      await table.append({ session, sql: `${good().sql} UNION ALL ${rows("'b'", "7").sql}` });
      const small = { addConstraint: { session, name: "Small", check: "n < 5" } };
      await expect(table.alter(small)).rejects.toMatchObject(broken("small", "n = 7"));
      await table.delete({ session, where: "n = 7" });
      const base = await table.snapshot();
      await table.alter(small);
      expect((await other.snapshot()).configuration).toEqual({ "delta.constraints.small": "n < 5" });
      await expect(other.append(rows("'c'", "5"))).rejects.toMatchObject(broken("small", "n = 5"));
      await expect(table.alter(small)).rejects.toMatchObject({ code: "USAGE" });
      // Who began before it could not know.
      await expect(other.append(rows("'c'", "5"), { basedOn: base })).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      await table.alter({ dropConstraint: "SMALL" });
      await other.append(rows("'c'", "5"));
      await expect(table.alter({ dropConstraint: "small" })).rejects.toMatchObject({ code: "USAGE" });
      const operations = (await Array.fromAsync(table.history())).map(({ operation }) => operation);
      expect(operations.slice(0, 3)).toEqual(["WRITE", "DROP CONSTRAINT", "ADD CONSTRAINT"]);
    });

    it("does not get a constraint over rows that came meanwhile", async () => {
      const table = harness.open(`tables/demanding${tables++}`);
      await table.create({ schema });
      const base = await table.snapshot();
      await table.append(rows("'b'", "7"));
      const small = { addConstraint: { session, name: "small", check: "n < 5" } };
      await expect(table.alter(small, { basedOn: base })).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    });
  });
}
