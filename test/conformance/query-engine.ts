import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { QueryEngine, SqlValue } from "../../src/engine/query-engine.ts";
import type { Column } from "../../src/engine/schema.ts";

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "pinlake-engine-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** One column of every type that a table may have, and two rows: values, and NULLs. */
const everyType: readonly Column[] = [
  { name: "text", type: "string" },
  { name: "big", type: "long" },
  { name: "int", type: "integer" },
  { name: "small", type: "short" },
  { name: "tiny", type: "byte" },
  { name: "single", type: "float" },
  { name: "real", type: "double" },
  { name: "flag", type: "boolean" },
  { name: "bytes", type: "binary" },
  { name: "day", type: "date" },
  { name: "instant", type: "timestamp" },
  { name: "local", type: "timestamp_ntz" },
  { name: "price", type: "decimal(12,3)" },
  { name: "list", type: { type: "array", elementType: "double", containsNull: true } },
  {
    name: "nested",
    type: {
      type: "struct",
      fields: [
        { name: "a", type: "string", nullable: true, metadata: {} },
        { name: "b", type: "long", nullable: true, metadata: {} },
      ],
    },
  },
  { name: "pairs", type: { type: "map", keyType: "string", valueType: "string", valueContainsNull: true } },
];
const everyValue: readonly (readonly SqlValue[])[] = [
  [
    "é \" ' \\ \n 🐟",
    9223372036854775807n,
    -2147483648,
    -32768,
    127,
    1.5,
    -89.9787,
    true,
    new Uint8Array([0, 255, 10]),
    "2020-02-29",
    1598586767123456n,
    -1n,
    "-123456789.125",
    [1.5, null],
    { a: "x", b: 2n },
    new Map([["k", "v"]]),
  ],
  everyType.map(() => null),
];

/** The promises of the QueryEngine port. */
export function queryEngineConformance(name: string, create: () => Promise<QueryEngine>): void {
  describe(`${name} keeps the QueryEngine promises`, () => {
    it("gives back every type as it took it, in memory and through Parquet", async () => {
      await using engine = await create();
      await using session = await engine.session();
      await using folder = await temporaryFolder();
      await session.defineRows("given", everyType, everyValue);
      expect(await session.query("SELECT * FROM given")).toEqual({ columns: everyType, rows: everyValue });
      const file = await session.writeParquet("SELECT * FROM given", everyType, join(folder.path, "a.parquet"));
      expect(file).toMatchObject({ path: join(folder.path, "a.parquet"), rows: 2 });
      expect(file.stats.get("big")).toMatchObject({ min: "9223372036854775807", nullCount: 1 });
      expect(file.stats.get("nested.b")).toMatchObject({ max: "2" });
      await session.defineParquet("stored", everyType, [file]);
      expect(await session.query("SELECT * FROM stored")).toEqual({ columns: everyType, rows: everyValue });
    });

    it("tells which file a row lies in, whatever the columns are called", async () => {
      await using engine = await create();
      await using session = await engine.session();
      await using folder = await temporaryFolder();
      for (const name of ["word", "file_index"]) {
        const columns: Column[] = [{ name, type: "integer" }];
        const extra: Column[] = [...columns, { name: "more", type: "string" }];
        const write = (value: number, file: string, types: Column[]) =>
          session.writeParquet(`SELECT ${value}${types === extra ? ", 'x'" : ""}`, types, join(folder.path, file));
        const files = [await write(7, "a", columns), await write(8, "b", extra), await write(9, "c", columns)];
        await session.defineParquet("numbered", columns, files, { fileNumber: "_file" });
        const { columns: found, rows } = await session.query("SELECT * FROM numbered ORDER BY 1");
        expect(found).toEqual([...columns, { name: "_file", type: "integer" }]);
        expect(rows).toEqual([
          [7, 0],
          [8, 1],
          [9, 2],
        ]);
        await session.defineParquet("numbered", columns, [], { fileNumber: "_file" });
        expect((await session.query("SELECT _file FROM numbered")).rows).toEqual([]);
      }
    });

    it("keeps the order and the count of many rows", async () => {
      await using engine = await create();
      await using session = await engine.session();
      const rows = Array.from({ length: 5000 }, (_, i) => [BigInt(i), i % 3 === 0 ? null : `row ${i}`]);
      const columns: Column[] = [
        { name: "id", type: "long" },
        { name: "word", type: "string" },
      ];
      await session.defineRows("many", columns, rows.slice(0, 3000));
      await session.defineRows("many", columns, rows.slice(3000), { append: true });
      expect((await session.query("SELECT id, word FROM many ORDER BY id")).rows).toEqual(rows);
      let seen = 0;
      for await (const batch of session.batches("SELECT id, word FROM many ORDER BY id")) {
        expect(batch.columns.map((column) => column.name)).toEqual(["id", "word"]);
        seen += batch.rows.length;
        if (seen < 3000) expect(await session.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
      }
      expect(seen).toBe(5000);
      const numbers = session.integers("SELECT CAST(id AS INTEGER) FROM many ORDER BY id");
      expect((await Array.fromAsync(numbers)).flat(2)).toEqual(rows.map(([id]) => Number(id)));
    });

    it("casts what it writes to the columns it is told, by position", async () => {
      await using engine = await create();
      await using session = await engine.session();
      await using folder = await temporaryFolder();
      const columns: Column[] = [
        { name: "total", type: "long" },
        { name: "nothing", type: "timestamp" },
      ];
      const file = await session.writeParquet(
        "SELECT sum(x), NULL FROM (VALUES (1), (2)) AS t(x)",
        columns,
        join(folder.path, "a.parquet"),
      );
      await session.defineParquet("stored", columns, [file]);
      expect(await session.query("SELECT * FROM stored")).toEqual({ columns, rows: [[3n, null]] });
    });

    it("reads files of several shapes by column name, partition values included", async () => {
      await using engine = await create();
      await using session = await engine.session();
      await using folder = await temporaryFolder();
      const at = (file: string) => join(folder.path, file);
      const id: Column = { name: "id", type: "long" };
      const narrow: Column = { name: "id", type: "integer" };
      const word: Column = { name: "word", type: "string" };
      const part: Column = { name: "part", type: "string" };
      await session.writeParquet("SELECT 1, 'a'", [id, word], at("1"));
      await session.writeParquet("SELECT 'b', 2", [word, id], at("2"));
      await session.writeParquet("SELECT 3", [narrow], at("3"));
      const files = [
        { path: at("1"), columns: [id, word] },
        { path: at("2"), columns: [word, id], partitionValues: { part: "x" } },
        { path: at("3"), columns: [narrow] },
      ];
      const unknown = files.map(({ columns: _, ...file }) => file);
      for (const some of [files, unknown, [...files.slice(0, 1), ...unknown.slice(1)]]) {
        await session.defineParquet("stored", [id, word, part], some);
        expect((await session.query("SELECT * FROM stored ORDER BY id")).rows).toEqual([
          [1n, "a", null],
          [2n, "b", "x"],
          [3n, null, null],
        ]);
      }
      await session.defineParquet("stored", [id, word], []);
      expect(await session.query("SELECT * FROM stored")).toEqual({ columns: [id, word], rows: [] });
    });

    it("names the columns of a query without running it", async () => {
      await using engine = await create();
      await using session = await engine.session();
      expect(await session.describe("SELECT 1 AS a, 'x' AS b")).toEqual([
        { name: "a", type: "integer" },
        { name: "b", type: "string" },
      ]);
    });

    it("keeps sessions apart and counts time in UTC", async () => {
      await using engine = await create();
      await using one = await engine.session();
      await using other = await engine.session();
      await one.execute("CREATE TABLE mine (a INT)");
      await expect(other.query("SELECT * FROM mine")).rejects.toMatchObject({ code: "QUERY_FAILED" });
      expect((await one.query("SELECT parse_timestamp('2020-08-28 03:52:47')")).rows).toEqual([[1598586767000000n]]);
    });

    it("runs statements beside each other in lanes that share its tables", async () => {
      await using engine = await create();
      await using folder = await temporaryFolder();
      await using session = await engine.session({ threads: 2 });
      await session.execute("CREATE TABLE shared AS SELECT CAST(range AS BIGINT) AS x FROM range(10)");
      const columns: Column[] = [{ name: "x", type: "long" }];
      {
        await using lanes = await session.lanes();
        expect(lanes.sessions).toHaveLength(session.parallelism);
        const files = await Promise.all(
          [...lanes.sessions, session].map((each, i) =>
            each.writeParquet(`SELECT x + ${i} FROM shared`, columns, join(folder.path, `${i}.parquet`)),
          ),
        );
        expect(files.map(({ rows, columns: written }) => [rows, written])).toEqual(files.map(() => [10, columns]));
        await lanes.sessions[0]?.execute("DROP TABLE shared");
      }
      await expect(session.query("SELECT * FROM shared")).rejects.toMatchObject({ code: "QUERY_FAILED" });
      expect(await session.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    });

    it("says what is wrong with a query, and goes on", async () => {
      await using engine = await create();
      await using session = await engine.session();
      await expect(session.query("SELECT nothing FROM nowhere")).rejects.toMatchObject({
        code: "QUERY_FAILED",
        message: expect.stringContaining("nowhere"),
      });
      expect(await session.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    });

    it("stops a running query, and one that waits, when the signal aborts, and goes on", async () => {
      await using engine = await create();
      await using session = await engine.session();
      const endless = "SELECT count(*) FROM range(100000000000) AS t(a) WHERE a * a % 7 = 3";
      const stop = new AbortController();
      const running = session.query(endless, { signal: stop.signal });
      const waiting = session.query("SELECT 1", { signal: stop.signal });
      const reason = new Error("enough");
      const both = Promise.allSettled([running, waiting]);
      setTimeout(() => stop.abort(reason), 50);
      expect(await both).toEqual([
        { status: "rejected", reason },
        { status: "rejected", reason },
      ]);
      expect(await session.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    });

    it("says so when the memory limit is too small, and leaves no file", async () => {
      await using engine = await create();
      await using folder = await temporaryFolder();
      await using session = await engine.session({ memory: "20MB" });
      const path = join(folder.path, "a.parquet");
      const columns: Column[] = [{ name: "x", type: "string" }];
      await expect(
        session.writeParquet(
          "SELECT string_agg(repeat('x', 1000), ',') FROM range(1000000) AS t(i) GROUP BY i % 1000",
          columns,
          path,
        ),
      ).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
      expect(existsSync(path)).toBe(false);
    });

    it("lets a read-only session read its folders and nothing else", async () => {
      await using engine = await create();
      await using folder = await temporaryFolder();
      await using outside = await temporaryFolder();
      const columns: Column[] = [{ name: "x", type: "integer" }];
      const inner = join(folder.path, "a.parquet");
      const outer = join(outside.path, "b.parquet");
      {
        await using writer = await engine.session();
        await writer.writeParquet("SELECT 1", columns, inner);
        await writer.writeParquet("SELECT 2", columns, outer);
      }
      await using session = await engine.session({ readOnlyFolders: [folder.path] });
      await session.defineParquet("inner_table", columns, [{ path: inner }]);
      expect((await session.query("SELECT x FROM inner_table")).rows).toEqual([[1]]);
      await expect(session.defineParquet("outer_table", columns, [{ path: outer }])).rejects.toThrow();
      for (const sql of [
        `SELECT * FROM read_parquet('${outer}')`,
        "SELECT * FROM read_text('/etc/hostname')",
        `COPY (SELECT 1) TO '${join(folder.path, "c.parquet")}'`,
        `EXPLAIN ANALYZE COPY (SELECT 1) TO '${join(folder.path, "c.parquet")}'`,
        `ATTACH '${join(folder.path, "d.db")}'`,
        "SET threads = 1",
        "INSTALL httpfs",
        "SELECT 1; DROP VIEW inner_table",
        "",
        " ; -- nothing",
      ]) {
        const refused = { code: "QUERY_FAILED", message: expect.not.stringContaining("native callback") };
        await expect(session.query(sql), sql).rejects.toMatchObject(refused);
        await expect(async () => {
          for await (const _ of session.batches(sql));
        }, sql).rejects.toMatchObject({ code: "QUERY_FAILED" });
      }
      expect(existsSync(join(folder.path, "c.parquet"))).toBe(false);
      expect((await session.query("SELECT x FROM inner_table")).rows).toEqual([[1]]);
    });

    it("refuses work once it is closed", async () => {
      await using engine = await create();
      const session = await engine.session();
      await session[Symbol.asyncDispose]();
      await expect(session.query("SELECT 1")).rejects.toMatchObject({ code: "CLOSED" });
    });
  });
}
