import { describe, expect, it } from "vitest";
import { type PrimitiveType, structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { CreateOptions, Table } from "../../../src/table/table.ts";
import { deltaTable, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { allRows } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

describe("a table", () => {
  const given = (sql: string) => ({ session, sql });
  const rowsOf = async (table: Table) => allRows(session, await table.snapshot(), "ORDER BY ALL");

  async function made(columns: Readonly<Record<string, PrimitiveType>>, options: Partial<CreateOptions> = {}) {
    const store = createMemoryStore();
    const table = deltaTable(store, engine);
    const schema = structType(Object.entries(columns).map(([name, type]) => ({ name, type })));
    await table.create({ schema, ...options });
    return { table, store };
  }

  it.each([[[]], [["constructor"]], [["__proto__"]]])(
    "may have columns that are called as what every object has (partitioned by %j)",
    async (partitionColumns) => {
      const columns = { id: "string", constructor: "string", ["__proto__"]: "long" } as const;
      const { table } = await made(columns, { partitionColumns });
      await table.append(given(`SELECT 'a' AS id, 'c' AS "constructor", CAST(1 AS BIGINT) AS "__proto__"`));
      await table.update({ session, set: { id: "id || 'b'" } });
      await table.mergeInto(given("SELECT 'ab' AS id UNION ALL SELECT 'n'"), {
        on: "source.id = target.id",
        whenMatched: [{ update: { id: "'m'" } }],
        whenNotMatched: [{ insert: { id: "source.id" } }],
      });
      expect(await rowsOf(table)).toEqual([
        ["m", "c", 1n],
        ["n", null, null],
      ]);
    },
  );

  it.each(["append", "merge", "mergeInto"] as const)("refuses two columns of one name (%s)", async (how) => {
    const { table } = await made({ id: "long", n: "long" });
    const rows = given("SELECT CAST(1 AS BIGINT) AS id, CAST(2 AS BIGINT) AS n, CAST(3 AS BIGINT) AS n");
    const done = {
      append: () => table.append(rows),
      merge: () => table.merge(rows, { key: ["id"] }),
      mergeInto: () =>
        table.mergeInto(rows, { on: "source.id = target.id", whenNotMatched: [{ insert: { id: "source.id" } }] }),
    };
    await expect(done[how]()).rejects.toMatchObject({ code: "SCHEMA_MISMATCH", details: { column: "n" } });
  });

  it.each([
    ["string", "chr(0)", "\0"],
    ["string", "'it''s' || chr(0) || '/%'", "it's\0/%"],
    ["date", "DATE '0044-03-15 (BC)'", "-0043-03-15"],
    ["date", "DATE '0001-03-15 (BC)'", "0000-03-15"],
    ["date", "DATE '12345-01-02'", "12345-01-02"],
    ["timestamp", "TIMESTAMPTZ '0044-03-15 (BC) 01:02:03+00'", "-0043-03-15T01:02:03.000000Z"],
    ["timestamp", "TIMESTAMPTZ '12345-01-02 03:04:05.000006+00'", "12345-01-02T03:04:05.000006Z"],
    ["timestamp", "TIMESTAMPTZ '1969-12-31 23:59:59.999999+00'", "1969-12-31T23:59:59.999999Z"],
    ["timestamp_ntz", "TIMESTAMP '12345-01-02 03:04:05.000006'", "12345-01-02 03:04:05.000006"],
    ["double", "CAST('-inf' AS DOUBLE)", "-Infinity"],
  ] as const)("may be partitioned by a %s like %s", async (type, sql, spelled) => {
    const { table, store } = await made({ p: type, n: "long" }, { partitionColumns: ["p"] });
    await table.append(given(`SELECT ${sql} AS p, CAST(1 AS BIGINT) AS n`));
    const log = new TextDecoder().decode(await store.get(logKey(1)));
    expect(log).toContain(`"partitionValues":${JSON.stringify({ p: spelled })}`);
    expect(await table.delete({ session, where: `p = ${sql}` })).toMatchObject({ deleted: 1 });
  });

  it("reads years of five digits with a plus before them", async () => {
    const { table, store } = await made({ p: "timestamp", n: "long" }, { partitionColumns: ["p"] });
    await table.append(given("SELECT TIMESTAMPTZ '12345-01-02 03:04:05+00' AS p, CAST(1 AS BIGINT) AS n"));
    const log = new TextDecoder().decode(await store.get(logKey(1)));
    const others = log.replace("12345-01-02T03:04:05.000000Z", "+12345-01-02 03:04:05");
    await store.put(logKey(1), new TextEncoder().encode(others));
    expect((await rowsOf(deltaTable(store, engine))).length).toBe(1);
  });
});
