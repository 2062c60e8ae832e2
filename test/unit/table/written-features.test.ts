import { describe, expect, it } from "vitest";
import type { DataType, StructField } from "../../../src/engine/schema.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { parseCommit } from "../../../src/table/delta/log/actions.ts";
import { deltaTable, keysBelow, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { LONGS, lines, madeTable, metaData, protocol, struct } from "../../support/made-delta-table.ts";
import { allRows } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

describe("a table of others with features is written to", () => {
  const longs = (from: number, to: number) => ({
    session,
    sql: `SELECT i::BIGINT AS n FROM range(${from}, ${to}) r(i)`,
  });
  const newestMetaData = async (store: ObjectStore, version: number) =>
    parseCommit(await store.get(logKey(version)), { table: "t", file: String(version) }).metaData;

  /** Of each type that may be widened: a column before and after, and a value in a file of the narrow type. */
  const widened: readonly (readonly [from: string, to: string, value: string])[] = [
    ["byte", "short", "7"],
    ["byte", "long", "8"],
    ["short", "integer", "9"],
    ["integer", "long", "10"],
    ["byte", "decimal(10,0)", "1"],
    ["integer", "decimal(12,2)", "11"],
    ["long", "decimal(20,0)", "12"],
    ["integer", "double", "13"],
    ["float", "double", "0.1"],
    ["decimal(10,2)", "decimal(14,4)", "1.25"],
    ["date", "timestamp_ntz", "DATE '2020-01-05'"],
  ];
  const field = (name: string, type: DataType, from?: string, fieldPath?: string): StructField => {
    const to = typeof type === "string" ? type : "long";
    const change = { fromType: from, toType: to, ...(fieldPath && { fieldPath }) };
    return { name, type, nullable: true, metadata: from === undefined ? {} : { "delta.typeChanges": [change] } };
  };
  const listOf = (elementType: DataType): DataType => ({ type: "array", elementType, containsNull: true });

  it("whose columns were widened: old and new files give one table, and what was changed stays known", async () => {
    const id = field("id", "string");
    const narrow = struct(
      id,
      ...widened.map(([from], i) => field(`c${i}`, from as "long")),
      field("list", listOf("integer")),
      field("s", struct(field("x", "short"))),
    );
    const wide = struct(
      id,
      ...widened.map(([from, to], i) => field(`c${i}`, to as "long", from)),
      field("list", listOf("long"), "integer", "element"),
      field("s", struct(field("x", "integer", "short"))),
    );
    const table = madeTable(session);
    const select = (key: string, types: (i: number) => string) =>
      `SELECT '${key}' AS id, ${widened.map(([, , value], i) => `CAST(${value} AS ${types(i)}) AS c${i}`).join(", ")}`;
    const sqlType = (type: string) => session.typeName(type as "long");
    const old = `${select("old", (i) => sqlType(widened[i]?.[0] ?? ""))}, [1::INTEGER] AS list, {'x': 2::SMALLINT} AS s`;
    const bounds = Object.fromEntries(widened.map(([, , v], i) => [`c${i}`, /'/.test(v) ? "2020-01-05" : Number(v)]));
    const stats = JSON.stringify({ numRecords: 1, minValues: bounds, maxValues: bounds, nullCount: {} });
    const add = { ...(await table.data("a.parquet", old)), stats };
    await table.log(0, protocol("typeWidening", "timestampNtz"), metaData(narrow), { add });
    await table.log(1, metaData(wide, { configuration: { "delta.enableTypeWidening": "true" } }));
    const ours = deltaTable(table.store, engine);
    const before = await allRows(session, await ours.snapshot());
    await ours.append({
      session,
      sql: `${select("new", (i) => sqlType(widened[i]?.[1] ?? ""))}, [1::BIGINT] AS list, {'x': 2::INTEGER} AS s`,
    });
    const [first, second] = await allRows(session, await ours.snapshot(), "ORDER BY id DESC");
    expect([first]).toEqual(before);
    const float = 1 + widened.findIndex(([from]) => from === "float");
    expect(first?.[float]).toBe(Math.fround(0.1));
    expect(first?.slice(1).toSpliced(float - 1, 1)).toEqual(second?.slice(1).toSpliced(float - 1, 1));

    for (const [i, [, to]] of widened.entries()) {
      // The value as it is stored, which stands in the old file's stats in fewer digits.
      const sql = `SELECT * REPLACE ('merged' AS id) FROM (SELECT * FROM stored WHERE id <> 'new')`;
      await (await ours.snapshot()).define(session, "stored");
      const merged = await ours.merge({ session, sql }, { key: [`c${i}`] });
      expect(merged.inserted, `a row of ${to} meets the stored one`).toBe(0);
      if (i === widened.length - 1) continue;
      await ours.restore({ at: { version: 2 } });
    }
    await ours.alter({ addColumns: [{ name: "more", type: "long" }] });
    const { version, schema } = await ours.snapshot();
    expect(schema.fields.slice(0, -1)).toEqual(wide.fields);
    expect((await newestMetaData(table.store, version))?.schemaString).toContain("delta.typeChanges");
    await ours.optimize({ session });
    expect((await allRows(session, await ours.snapshot())).length).toBeGreaterThan(0);
  });

  const addSql = (path: string, size: number) =>
    `{'path': '${path}', 'partitionValues': MAP {}::MAP(VARCHAR, VARCHAR), 'size': ${size}::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': false}`;

  it("that has v2 checkpoints: it gets classic ones besides, and what expires stays for who shares sidecars", async () => {
    const table = madeTable(session);
    const a = await table.data("a.parquet", "SELECT 1::BIGINT AS n");
    const configuration = {
      "delta.checkpointPolicy": "v2",
      "delta.logRetentionDuration": "interval 0 seconds",
      "delta.checkpointInterval": "2",
    };
    const head = [protocol("v2Checkpoint"), metaData(LONGS, { configuration })];
    await table.log(0, ...head, { add: a });
    await table.data("_delta_log/_sidecars/one.parquet", `SELECT ${addSql("a.parquet", a.size)} AS add`);
    await table.put(
      "_delta_log/00000000000000000000.checkpoint.6c750e24-bbc4-4618-8feb-7cd7d5b9e084.json",
      lines([{ checkpointMetadata: { version: 0 } }, { sidecar: { path: "one.parquet", sizeInBytes: 1 } }, ...head]),
    );
    const ours = deltaTable(table.store, engine);
    for (let n = 10; n < 16; n++) await ours.append(longs(n, n + 1));
    const keys = await keysBelow(table.store, "t/_delta_log/");
    expect(keys.filter((key) => key.endsWith(".json"))).toHaveLength(8);
    expect(keys).toContain(logKey(6, "checkpoint.parquet"));
    for (let version = 0; version <= 6; version++) await table.store.delete(logKey(version));
    expect(await allRows(session, await deltaTable(table.store, engine).snapshot(), "ORDER BY n")).toEqual(
      [1n, 10n, 11n, 12n, 13n, 14n, 15n].map((n) => [n]),
    );
  });

  it("that has domains of metadata, which stay in what we write and in its checkpoints", async () => {
    const table = madeTable(session);
    const features = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["domainMetadata"] };
    const domainMetadata = { domain: "theirs", configuration: '{"a":1}', removed: false };
    await table.log(0, { protocol: features }, metaData(LONGS), { domainMetadata });
    const ours = deltaTable(table.store, engine);
    await ours.append(longs(0, 2));
    await ours.overwrite(longs(5, 6));
    await ours.checkpoint();
    // It is refused where the newest version, read from the checkpoint, has other domains than the older one.
    await deltaTable(table.store, engine).restore({ at: { version: 1 } });
    expect(await allRows(session, await ours.snapshot(), "ORDER BY n")).toEqual([[0n], [1n]]);
  });

  it.each(["rowTracking", "clustering", "typeWidening-preview"])(
    "but not one with %s, which is read only",
    async (feature) => {
      const table = madeTable(session);
      const features = feature.endsWith("preview")
        ? protocol(feature).protocol
        : { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["domainMetadata", feature] };
      const add = await table.data("a.parquet", "SELECT 1::BIGINT AS n");
      await table.log(0, { protocol: features }, metaData(LONGS), { add });
      const ours = deltaTable(table.store, engine);
      expect(await allRows(session, await ours.snapshot())).toEqual([[1n]]);
      await expect(ours.append(longs(0, 2))).rejects.toMatchObject({
        code: "TABLE_UNSUPPORTED",
        details: { feature: `${feature} (for writing)` },
      });
    },
  );
});
