import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../../src/engine/query-engine.ts";
import { type StructType, structType } from "../../../src/engine/schema.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import type { AddFile } from "../../../src/table/delta/log/actions.ts";
import { deltaTable, keysBelow, logKey } from "../../support/delta-table.ts";
import {
  LONGS,
  type MadeTable,
  madeTable,
  mapped,
  metaData,
  protocol,
  struct,
} from "../../support/made-delta-table.ts";
import { allRows } from "../../support/table-rows.ts";

let engine: QueryEngine;
let session: QuerySession;
beforeAll(async () => {
  engine = createDuckDbEngine({ threads: 1 });
  session = await engine.session();
});
afterAll(() => engine[Symbol.asyncDispose]());

interface Action {
  readonly add?: AddFile;
  readonly remove?: AddFile;
}

async function actions({ store }: MadeTable, version: number): Promise<Action[]> {
  const text = new TextDecoder().decode(await store.get(logKey(version)));
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Action);
}

const adds = async (table: MadeTable, version: number): Promise<AddFile[]> =>
  (await actions(table, version)).flatMap(({ add }) => (add === undefined ? [] : [add]));

const read = async ({ store }: MadeTable, suffix = "") =>
  allRows(session, await deltaTable(store, engine).snapshot(), suffix);

describe("partition columns", () => {
  it("are kept in the log, each type as the protocol spells it, and not in the files", async () => {
    const types = [
      "string",
      "long",
      "double",
      "decimal(5,2)",
      "boolean",
      "date",
      "timestamp",
      "timestamp_ntz",
    ] as const;
    const columns = types.map((type, i) => ({ name: `p${i}`, type }));
    const table = madeTable(session);
    const schema = structType([{ name: "n", type: "long" }, ...columns]);
    const partitionColumns = columns.map(({ name }) => name);
    await table.log(0, protocol("timestampNtz"), metaData(schema, { partitionColumns }));
    const sql = `SELECT 1::BIGINT AS n, 'a/b=c %41' AS p0, CAST('-9223372036854775808' AS BIGINT) AS p1, 1e300::DOUBLE AS p2, -1.50::DECIMAL(5,2) AS p3,
      true AS p4, DATE '1969-12-31' AS p5, TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' AS p6, TIMESTAMP '2024-02-29 12:00:00' AS p7
      UNION ALL SELECT 2, '', NULL, 'NaN'::DOUBLE, NULL, NULL, NULL, NULL, NULL`;
    await deltaTable(table.store, engine).append({ session, sql });
    const [one, two] = await adds(table, 1);
    const [first, second] = one?.partitionValues.p1 === null ? [two, one] : [one, two];
    expect(Object.values(first?.partitionValues ?? {})).toEqual([
      "a/b=c %41",
      "-9223372036854775808",
      "1e+300",
      "-1.50",
      "true",
      "1969-12-31",
      "1969-12-31T23:59:59.999999Z",
      "2024-02-29 12:00:00.000000",
    ]);
    expect(Object.values(second?.partitionValues ?? {})).toEqual([null, null, "NaN", null, null, null, null, null]);
    expect(JSON.parse(first?.stats ?? "")).toEqual({
      numRecords: 1,
      minValues: { n: 1 },
      maxValues: { n: 1 },
      nullCount: { n: 0 },
    });
    expect(await read(table, "ORDER BY n")).toEqual([
      [1n, "a/b=c %41", -(2n ** 63n), 1e300, "-1.50", true, "1969-12-31", -1n, 1_709_208_000_000_000n],
      [2n, null, null, Number.NaN, null, null, null, null, null],
    ]);
  });

  it("leave nothing behind when a file of one of them cannot be stored", async () => {
    const table = madeTable(session);
    const configuration = { "delta.enableChangeDataFeed": "true" };
    const schema = structType([...LONGS.fields, { name: "p", type: "long" }]);
    const definition = metaData(schema, { partitionColumns: ["p"], configuration });
    await table.log(0, { protocol: { minReaderVersion: 1, minWriterVersion: 4 } }, definition);
    const rows = { session, sql: "SELECT range AS n, range % 20 AS p FROM range(100)" };
    await deltaTable(table.store, engine).append(rows);
    const before = await keysBelow(table.store, "t/");
    for (const last of [5, 18, 30]) {
      let calls = 0;
      const adoptFile: ObjectStore["adoptFile"] = async (key, path) => {
        if (++calls === last) throw new Error("no more");
        return table.store.adoptFile(key, path);
      };
      const failing = deltaTable({ ...table.store, adoptFile }, engine);
      await expect(failing.update({ session, set: { n: "n + 1" } })).rejects.toThrow("no more");
      expect(await keysBelow(table.store, "t/")).toEqual(before);
    }
  });

  it("of bytes are refused before anything is written", async () => {
    const table = madeTable(session);
    const schema = structType([
      { name: "n", type: "long" },
      { name: "b", type: "binary" },
    ]);
    await table.log(0, protocol(), metaData(schema, { partitionColumns: ["b"] }));
    const append = deltaTable(table.store, engine).append({ session, sql: "SELECT 1::BIGINT AS n, 'x'::BLOB AS b" });
    await expect(append).rejects.toMatchObject({ code: "TABLE_UNSUPPORTED" });
    expect(await keysBelow(table.store, "t/")).toEqual([logKey(0)]);
  });
});

describe("mapped columns", () => {
  const inner = (id: number) => struct(mapped("a", "long", id, `c${id}`), mapped("b", "string", id + 1, `c${id + 1}`));
  const schema: StructType = struct(
    mapped("n", "long", 1, "c1"),
    mapped("s", inner(2), 4, "c4"),
    mapped("l", { type: "array", elementType: inner(5), containsNull: true }, 7, "c7"),
    mapped("m", { type: "map", keyType: "string", valueType: inner(8), valueContainsNull: true }, 10, "c10"),
  );
  const sql = `SELECT 1::BIGINT AS n, {'a': 2::BIGINT, 'b': 'two'} AS s, [{'a': 3::BIGINT, 'b': 'three'}] AS l,
    MAP {'k': {'a': 4::BIGINT, 'b': 'four'}} AS m`;

  it.each(["name", "id"])("by %s have their physical names and ids in files, fields within as well", async (mode) => {
    const table = madeTable(session);
    const configuration = { "delta.columnMapping.mode": mode };
    await table.log(0, protocol("columnMapping"), metaData(schema, { configuration }));
    const opened = deltaTable(table.store, engine);
    await opened.append({ session, sql });
    const expected = [[1n, { a: 2n, b: "two" }, [{ a: 3n, b: "three" }], new Map([["k", { a: 4n, b: "four" }]])]];
    expect(await read(table)).toEqual(expected);
    expect(await allRows(session, await opened.snapshot())).toEqual(expected);
    const [add] = await adds(table, 1);
    expect(JSON.parse(add?.stats ?? "")).toMatchObject({ minValues: { c1: 1, c4: { c2: 2, c3: "two" } } });
    await opened.merge({ session, sql: sql.replace("2::BIGINT", "9::BIGINT") }, { key: ["n"] });
    expect((await read(table)).map(([, s]) => s)).toEqual([{ a: 9n, b: "two" }]);
  });
});

describe("deletion vectors", () => {
  async function marked(rows: number): Promise<MadeTable> {
    const table = madeTable(session);
    const configuration = { "delta.enableDeletionVectors": "true" };
    await table.log(0, protocol("deletionVectors"), metaData(LONGS, { configuration }));
    await deltaTable(table.store, engine).append({ session, sql: `SELECT range AS n FROM range(${rows})` });
    return table;
  }

  it("say which rows are gone, and the file stays as it is", async () => {
    const table = await marked(10);
    const [before] = await adds(table, 1);
    const opened = deltaTable(table.store, engine);
    const commit = await opened.delete({ session, where: "n IN (3, 5)" });
    expect(commit).toMatchObject({ deleted: 2, added: [], removed: [] });
    await opened.delete({ session, where: "n IN (5, 7)" });
    const [add] = await adds(table, 3);
    expect(add).toMatchObject({ path: before?.path, deletionVector: { storageType: "i", cardinality: 3 } });
    expect(JSON.parse(add?.stats ?? "")).toMatchObject({ numRecords: 10, tightBounds: false, maxValues: { n: 9 } });
    const [remove] = (await actions(table, 3)).flatMap((action) => action.remove ?? []);
    expect(remove).toMatchObject({ path: before?.path, deletionVector: { cardinality: 2 } });
    expect((await read(table, "ORDER BY n")).flat()).toEqual([0n, 1n, 2n, 4n, 6n, 8n, 9n]);
    expect((await opened.snapshot()).files).toMatchObject([{ rows: 7, deletedRows: 3 }]);
  });

  it("of many rows lie in a file of their own, which goes when the commit fails", async () => {
    const table = await marked(200_000);
    const opened = deltaTable(table.store, engine);
    await opened.delete({ session, where: "n % 7 = 0" });
    const [add] = await adds(table, 2);
    expect(add).toMatchObject({ deletionVector: { storageType: "u", cardinality: 28_572 } });
    expect(await read(table, "WHERE n < 9 ORDER BY n")).toEqual([1, 2, 3, 4, 5, 6, 8].map((n) => [BigInt(n)]));
    const base = await opened.snapshot();
    await opened.delete({ session, where: "n = 1" });
    const before = await keysBelow(table.store, "t/");
    const late = opened.delete({ session, where: "n % 7 = 1", basedOn: base });
    await expect(late).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    expect(await keysBelow(table.store, "t/")).toEqual(before);
  });

  it("name the right rows where a condition passes over most of a file", async () => {
    const table = await marked(500_000);
    const opened = deltaTable(table.store, engine);
    expect(await opened.delete({ session, where: "n BETWEEN 399998 AND 400001 OR n = 499999" })).toMatchObject({
      deleted: 5,
    });
    await opened.update({ session, where: "n = 400002", set: { n: "-n" } });
    const gone = [399_998, 399_999, 400_000, 400_001, 400_002, 499_999];
    const [[count, sum] = []] = await read(table, "").then((rows) => [
      [rows.length, rows.reduce((a, [n]) => a + (n as bigint), 0n)],
    ]);
    expect(count).toBe(500_000 - 5);
    expect(sum).toBe((499_999n * 500_000n) / 2n - BigInt(gone.reduce((a, b) => a + b, 0)) - 400_002n);
  });

  it("are not written of a file that lost its last row: it goes", async () => {
    const table = await marked(4);
    const opened = deltaTable(table.store, engine);
    await opened.delete({ session, where: "n < 3" });
    expect(await opened.delete({ session, where: "true" })).toMatchObject({ deleted: 1 });
    expect((await opened.snapshot()).files).toEqual([]);
    expect(await adds(table, 3)).toEqual([]);
  });

  it("mark what left joined files while they were joined, when the caller tells; else that is a conflict", async () => {
    const table = await marked(4);
    const opened = deltaTable(table.store, engine);
    await opened.append({ session, sql: "SELECT range + 10 AS n FROM range(4)" });
    const join = (left?: readonly number[]) =>
      opened.optimize({
        session,
        commitWhen: async (joined) => {
          await joined.define(session, "joined", { rowNumber: "row" });
          const { rows } = await session.query("SELECT row FROM joined WHERE n IN (1, 12)");
          await deltaTable(table.store, engine).delete({ session, where: "n IN (1, 12)" });
          const file = joined.files[0]?.path ?? "";
          return joined.commit(left && { file, rows: [...left, ...rows.map(([row]) => row as number)] });
        },
      });
    await expect(join()).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
    expect((await read(table)).length).toBe(6);
    await expect(join([0])).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
  });

  it("of a joined file hide what left it meanwhile", async () => {
    const table = await marked(4);
    const opened = deltaTable(table.store, engine);
    await opened.append({ session, sql: "SELECT range + 10 AS n FROM range(4)" });
    await opened.optimize({
      session,
      commitWhen: async (joined) => {
        await joined.define(session, "joined", { rowNumber: "row" });
        const { rows } = await session.query("SELECT row FROM joined WHERE n IN (1, 12)");
        await deltaTable(table.store, engine).delete({ session, where: "n IN (1, 12)" });
        return joined.commit({ file: joined.files[0]?.path ?? "", rows: rows.map(([row]) => row as number) });
      },
    });
    expect((await read(table, "ORDER BY n")).flat()).toEqual([0n, 2n, 3n, 10n, 11n, 13n]);
    expect((await opened.snapshot()).files).toMatchObject([{ rows: 6, deletedRows: 2 }]);
  });
});
