import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../../src/engine/query-engine.ts";
import { structType } from "../../../src/engine/schema.ts";
import { inlineVector, vectorOf, vectorsFile } from "../../../src/table/delta/files/deletion-vector.ts";
import { deltaTable, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import {
  LONGS,
  lines,
  type MadeTable,
  madeTable,
  mapped,
  metaData,
  protocol,
  struct,
} from "../../support/made-delta-table.ts";
import { allRows } from "../../support/table-rows.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const { engine, session } = await engineAndSession();

describe("a table that others wrote is read", () => {
  const read = async ({ store }: MadeTable, version?: number): Promise<readonly (readonly SqlValue[])[]> =>
    allRows(
      session,
      await deltaTable(store, engine).snapshot(version === undefined ? undefined : { version }),
      "ORDER BY ALL",
    );

  it("without the rows of deletion vectors, few or many, inline or in files", async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT range AS n FROM range(200000)");
    const uuid = "d2c639aa-8816-431a-aaf6-d3fe2512ff61";
    const odd = new Set(Array.from({ length: 100_000 }, (_, i) => 2 * i + 1));
    const { bytes, vectors } = vectorsFile(uuid, [new Set([0, 5]), odd].map(vectorOf));
    await table.put(`deletion_vector_${uuid}.bin`, bytes);
    await table.log(0, protocol("deletionVectors"), metaData(LONGS), { add });
    const inline = { ...add, deletionVector: inlineVector(new Set([0, 1, 2])) };
    await table.log(1, { remove: add }, { add: inline });
    const few = { ...add, deletionVector: vectors[0] };
    await table.log(2, { remove: inline }, { add: few });
    await table.log(3, { remove: few }, { add: { ...add, deletionVector: vectors[1] } });

    expect(await read(table, 0)).toHaveLength(200_000);
    expect((await read(table, 1)).slice(0, 2)).toEqual([[3n], [4n]]);
    expect((await read(table, 2)).slice(0, 5)).toEqual([[1n], [2n], [3n], [4n], [6n]]);
    const snapshot = await deltaTable(table.store, engine).snapshot();
    expect(await allRows(session, snapshot, "WHERE n > 199990")).toEqual([[199992n], [199994n], [199996n], [199998n]]);
    expect(await snapshot.countRows()).toBe(100_000);
  });

  it("whose protocol names variants, as delta-rs' do, as long as no column is one", async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT 7::BIGINT AS n");
    await table.log(0, protocol("deletionVectors", "variantType"), metaData(LONGS), { add });
    await deltaTable(table.store, engine).append({ session, sql: "SELECT 8::BIGINT AS n" });
    expect(await read(table)).toEqual([[7n], [8n]]);
    const { fields } = LONGS;
    await table.log(2, metaData(struct(...fields, { ...fields[0]!, name: "v", type: "variant" as "string" })));
    await expect(read(table)).rejects.toMatchObject({
      code: "TABLE_UNSUPPORTED",
      details: { feature: "type variant" },
    });
  });

  it("refuses a deletion vector that names rows beyond the file's end", async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT range AS n FROM range(3)");
    const deletionVector = inlineVector(new Set([0, 3]));
    await table.log(0, protocol("deletionVectors"), metaData(LONGS), { add: { ...add, deletionVector } });
    await expect(read(table)).rejects.toMatchObject({ code: "TABLE_CORRUPT", details: { file: "a.parquet" } });
  });

  const item = (id: number) => struct(mapped("b", "long", id + 1, "c4"), mapped("a", "string", id, "c3"));
  const items = { type: "array", elementType: item(21), containsNull: true } as const;
  const byItem = { type: "map", keyType: "long", valueType: item(31), valueContainsNull: true } as const;
  // The names of the first two columns are each other's in the files.
  const schema = struct(
    mapped("x", "long", 1, "y"),
    mapped("y", "string", 2, "x"),
    mapped("s", item(11), 5, "c5"),
    mapped("l", items, 6, "c6"),
    mapped("m", byItem, 7, "c7"),
    mapped("late", "date", 8, "c8"),
    mapped("p", "long", 9, "c9"),
  );
  const logical = [
    [1n, "one", { b: 2n, a: "two" }, [{ b: 3n, a: "three" }, null], new Map([[4n, { b: 5n, a: "five" }]]), null, 7n],
    [2n, null, null, null, null, null, 7n],
  ];
  const stored = (y: string, x: string, inner: readonly [string, string], names: readonly string[]) => {
    const one = (a: string, b: number) => `{'${inner[0]}': '${a}', '${inner[1]}': CAST(${b} AS BIGINT), 'gone': 0}`;
    const [s, l, m] = names;
    return `SELECT 1::BIGINT AS ${y}, 'one' AS ${x}, ${one("two", 2)} AS ${s}, [${one("three", 3)}, NULL] AS ${l}, MAP {4::BIGINT: ${one("five", 5)}} AS ${m} UNION ALL SELECT 2, NULL, NULL, NULL, NULL`;
  };

  it("with columns mapped by name, those of structs in lists and maps as well", async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", stored("y", "x", ["c3", "c4"], ["c5", "c6", "c7"]));
    const configuration = { "delta.columnMapping.mode": "name" };
    await table.log(
      0,
      { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
      metaData(schema, { configuration, partitionColumns: ["p"] }),
      { add: { ...add, partitionValues: { c9: "7" } } },
    );
    expect(await read(table)).toEqual(logical);
    await deltaTable(table.store, engine).append({ session, sql: "SELECT 3::BIGINT AS x, 8::BIGINT AS p" });
    expect((await read(table)).at(-1)).toEqual([3n, null, null, null, null, null, 8n]);
  });

  it("with columns mapped by field id, whatever files call them", async () => {
    const table = madeTable(session);
    const ids =
      "{u: 1, v: 2, q: {__duckdb_field_id: 5, h: 11, i: 12}, r: {__duckdb_field_id: 6, element: {h: 21, i: 22}}, t: {__duckdb_field_id: 7, value: {h: 31, i: 32}}}";
    const add = await table.data("a.parquet", stored("u", "v", ["h", "i"], ["q", "r", "t"]), ids);
    const configuration = { "delta.columnMapping.mode": "id" };
    await table.log(0, protocol("columnMapping"), metaData(schema, { configuration, partitionColumns: ["p"] }), {
      add: { ...add, partitionValues: { c9: "7" } },
    });
    expect(await read(table)).toEqual(logical);
  });

  it("refuses a file without field ids where columns are mapped by them: all would be NULL", async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT 1::BIGINT AS y");
    const configuration = { "delta.columnMapping.mode": "id" };
    await table.log(0, protocol("columnMapping"), metaData(struct(mapped("x", "long", 1, "y")), { configuration }), {
      add,
    });
    await expect(read(table)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: "a.parquet", reason: expect.stringContaining("field id") },
    });
  });

  it("casts files of narrower types, and refuses those whose values a cast would change", async () => {
    const table = madeTable(session);
    const narrow = await table.data("a.parquet", "SELECT 1::INTEGER AS n");
    await table.log(0, protocol("typeWidening"), metaData(LONGS), { add: narrow });
    expect(await read(table)).toEqual([[1n]]);
    await table.log(1, { add: await table.data("b.parquet", "SELECT 1.5::DOUBLE AS n") });
    await expect(read(table)).rejects.toMatchObject({ code: "TABLE_CORRUPT", details: { file: "b.parquet" } });
  });

  it("takes partition values from the log, of every type; empty text is NULL", async () => {
    const table = madeTable(session);
    const values: readonly (readonly [string, string, SqlValue])[] = [
      ["string", "a'b", "a'b"],
      ["long", "9223372036854775807", 9223372036854775807n],
      ["integer", "-5", -5],
      ["double", "Infinity", Number.POSITIVE_INFINITY],
      ["boolean", "true", true],
      ["date", "2020-02-29", "2020-02-29"],
      ["timestamp", "2020-01-02 03:04:05.123456", 1577934245123456n],
      ["timestamp_ntz", "2020-01-02 03:04:05", 1577934245000000n],
      ["decimal(10,2)", "-1.50", "-1.50"],
      ["binary", "hé", new Uint8Array(Buffer.from("hé"))],
    ];
    const partitioned = structType([
      { name: "n", type: "long" },
      ...values.map(([type], i) => ({ name: `p${i}`, type: type as "long" })),
    ]);
    const add = await table.data("a b.parquet", "SELECT 1::BIGINT AS n");
    const with_ = (path: string, of: (text: string) => string | null) => ({
      add: { ...add, path, partitionValues: Object.fromEntries(values.map(([, text], i) => [`p${i}`, of(text)])) },
    });
    const partitionColumns = values.map((_, i) => `p${i}`);
    await table.log(
      0,
      protocol("timestampNtz"),
      metaData(partitioned, { partitionColumns }),
      with_("a%20b.parquet", (text) => text),
    );
    await table.log(
      1,
      { remove: { ...add, path: "a%20b.parquet" } },
      with_("a%20b.parquet", () => ""),
    );
    expect(await read(table, 0)).toEqual([[1n, ...values.map(([, , value]) => value)]]);
    expect(await read(table)).toEqual([[1n, ...values.map(() => null)]]);
  });

  it("as of a time that its commits say, where they do, and before that by the times of its files", async () => {
    const table = madeTable(session);
    const commitInfo = (inCommitTimestamp: number) => ({ commitInfo: { inCommitTimestamp } });
    const configuration = {
      "delta.enableInCommitTimestamps": "true",
      "delta.inCommitTimestampEnablementVersion": "1",
    };
    const tenYears = 315_360_000_000;
    const later = Date.now() + tenYears;
    await table.log(0, { protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: [] } }, metaData(LONGS));
    await table.log(1, commitInfo(later), metaData(LONGS, { configuration }));
    for (let version = 2; version <= 6; version++) await table.log(version, commitInfo(later + version));
    const at = async (timestampMs: number) => (await deltaTable(table.store, engine).snapshot({ timestampMs })).version;
    expect(await at(later - 1)).toBe(0);
    for (const [ms, version] of [
      [0, 1],
      [1, 1],
      [2, 2],
      [5, 5],
      [6, 6],
      [1000, 6],
    ] as const)
      expect(await at(later + ms)).toBe(version);
    await expect(at(Date.now() - tenYears)).rejects.toMatchObject({ code: "TABLE_VERSION_NOT_FOUND" });
    await table.log(7, { commitInfo: {} });
    await expect(at(later + 1000)).rejects.toMatchObject({ code: "TABLE_CORRUPT" });
  });

  it("with files that lie elsewhere, by absolute path and by URI", async () => {
    const table = madeTable(session);
    await using folder = await tempFolder();
    const add = await table.data("a.parquet", "SELECT 1::BIGINT AS n");
    const path = join(folder.path, "a b.parquet");
    await writeFile(path, await table.store.get("t/a.parquet"));
    await table.log(0, protocol(), metaData(LONGS), { add: { ...add, path: path.replaceAll(" ", "%20") } });
    expect(await read(table)).toEqual([[1n]]);
    await table.log(1, { remove: { ...add, path: pathToFileURL(path).href } });
    expect(await read(table)).toEqual([]);
    await table.log(2, { add: { ...add, path: pathToFileURL(path).href } }, { add });
    expect(await read(table)).toEqual([[1n], [1n]]);
    await table.log(3, { add: { ...add, path: "s3://bucket/a.parquet" } });
    await expect(read(table)).rejects.toMatchObject({ code: "TABLE_UNSUPPORTED" });
  });

  const addSql = (path: string, size: number) =>
    `{'path': '${path}', 'partitionValues': MAP {}::MAP(VARCHAR, VARCHAR), 'size': ${size}::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': false}`;

  it("from v2 checkpoints with sidecars, and from checkpoints of several parts once all are there", async () => {
    const uuid = "6c750e24-bbc4-4618-8feb-7cd7d5b9e084";
    const table = madeTable(session);
    const [a, b] = [
      await table.data("a.parquet", "SELECT 1::BIGINT AS n"),
      await table.data("b.parquet", "SELECT 2::BIGINT AS n"),
    ];
    const head = [protocol("v2Checkpoint"), metaData(LONGS)];
    await table.log(0, ...head, { add: a });
    await table.log(1, { add: b });
    await table.data("_delta_log/_sidecars/one.parquet", `SELECT ${addSql("a.parquet", a.size)} AS add`);
    await table.data("_delta_log/_sidecars/two.parquet", `SELECT ${addSql("b.parquet", b.size)} AS add`);
    const name = `_delta_log/00000000000000000001.checkpoint.${uuid}.json`;
    const sidecar = (path: string) => ({ sidecar: { path, sizeInBytes: 1, modificationTime: 1 } });
    await table.put(
      name,
      lines([{ checkpointMetadata: { version: 1 } }, sidecar("one.parquet"), sidecar("two.parquet"), ...head]),
    );
    await table.store.delete(logKey(0));
    await table.store.delete(logKey(1));
    expect(await read(table)).toEqual([[1n], [2n]]);
    await table.store.delete("t/_delta_log/_sidecars/two.parquet");
    await expect(read(table)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: expect.stringContaining("two.parquet") },
    });

    const parts = madeTable(session);
    for (const add of [a, b]) await parts.store.put(`t/${add.path}`, await table.store.get(`t/${add.path}`));
    await parts.log(0, ...head, { add: a });
    await parts.log(1, { add: b });
    const part = (i: number) => `_delta_log/00000000000000000001.checkpoint.000000000${i}.0000000002.parquet`;
    await parts.data(part(2), `SELECT ${addSql("b.parquet", b.size)} AS add`);
    expect(await read(parts)).toEqual([[1n], [2n]]);
    await parts.store.delete(logKey(0));
    await expect(read(parts)).rejects.toMatchObject({ code: "TABLE_CORRUPT" });
    const metaSql = `{'id': '0', 'format': {'provider': 'parquet'}, 'schemaString': '${JSON.stringify(LONGS)}', 'partitionColumns': []::VARCHAR[], 'configuration': MAP {}::MAP(VARCHAR, VARCHAR)}`;
    await parts.data(
      part(1),
      `SELECT ${addSql("a.parquet", a.size)} AS add, NULL AS protocol, NULL AS "metaData" UNION ALL SELECT NULL, {'minReaderVersion': 1, 'minWriterVersion': 2}, NULL UNION ALL SELECT NULL, NULL, ${metaSql}`,
    );
    await parts.store.delete(logKey(1));
    expect(await read(parts)).toEqual([[1n], [2n]]);
  });
});
