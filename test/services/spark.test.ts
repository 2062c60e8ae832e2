import { describe, expect, it } from "vitest";
import { structType } from "../../src/engine/schema.ts";
import type { Table } from "../../src/table/table.ts";
import { ALL_TYPES, allTypesSql } from "../support/all-types.ts";
import { logKey } from "../support/delta-table.ts";
import { tablesInFolder } from "../support/tables-in-folder.ts";
import { sparkAt } from "./spark/spark.ts";
import { serveSpark } from "./spark/spark-service.ts";

/** Every column as text that both engines write alike. */
const AS_TEXT = {
  spark: `id, small, name, unix_micros(at), day, CAST(ratio * 4 AS BIGINT), price, CAST(flag AS INT), hex(bytes),
    CAST(point[0] AS BIGINT), size(point), nested.x`,
  duckdb: `id, small, name, epoch_us("at"), day, CAST(ratio * 4 AS BIGINT), price, CAST(flag AS INT), hex(bytes),
    CAST(point[1] AS BIGINT), len(point), nested.x`,
};

describe("Spark and we on the same tables", async () => {
  const spark = sparkAt();
  const { session, store, pathOf: pathIn, tableAt } = await tablesInFolder();
  const rows = (from: number, to: number, name: string) => ({ session, sql: allTypesSql(from, to, name) });
  const pathOf = (name: string) => `delta.\`${pathIn(name)}\``;

  async function ours(table: Table, version?: number): Promise<(string | null)[][]> {
    const snapshot = await table.snapshot(version === undefined ? undefined : { version });
    await snapshot.define(session, "ours");
    const { rows: found } = await session.query(`SELECT ${AS_TEXT.duckdb} FROM ours ORDER BY id`);
    return found.map((row) => row.map((value) => (value === null ? null : String(value))));
  }
  const sparks = (name: string, version?: number) =>
    spark(
      `SELECT ${AS_TEXT.spark} FROM ${pathOf(name)} ${version === undefined ? "" : `VERSION AS OF ${version}`} ORDER BY id`,
    );

  it("Spark reads every version that we write: create, append, merge, overwrite, optimize, checkpoints", async () => {
    const table = tableAt("ours");
    await table.create({ schema: structType(ALL_TYPES), configuration: { "delta.isolationLevel": "Serializable" } });
    await table.append(rows(0, 300, "appended"));
    for (let batch = 0; batch < 9; batch++)
      await table.merge(rows(batch * 100, batch * 100 + 150, `batch ${batch}`), { key: ["id"] });
    await table.optimize({ session });
    await table.overwrite(rows(2000, 2100, "instead"), { where: "small < 50 OR name LIKE 'instead%'" });
    const { version } = await table.snapshot();
    for (let at = 1; at < version; at += 3)
      expect(await sparks("ours", at), `version ${at}`).toEqual(await ours(table, at));
    await table.checkpoint();
    for (let at = 0; at < version; at++) await store.delete(logKey(at).replace(/^t/, "ours"));
    expect(await sparks("ours")).toEqual(await ours(table));
    expect((await ours(table)).length).toBeGreaterThan(500);
  });

  it("we read every version that Spark writes, go on writing, and Spark reads that", async () => {
    const table = tableAt("theirs");
    await tableAt("more").create({ schema: structType(ALL_TYPES) });
    await tableAt("more").append(rows(0, 500, "made by us"));
    const steps = [
      `CREATE TABLE ${pathOf("theirs")} USING delta AS SELECT * FROM ${pathOf("more")} WHERE small < 60`,
      `INSERT INTO ${pathOf("theirs")} SELECT * FROM ${pathOf("more")} WHERE small >= 90`,
      `UPDATE ${pathOf("theirs")} SET name = 'updated', ratio = NULL WHERE id % 7 = 0`,
      `DELETE FROM ${pathOf("theirs")} WHERE id % 11 = 0`,
      `MERGE INTO ${pathOf("theirs")} t USING ${pathOf("more")} s ON t.id = s.id
        WHEN MATCHED AND s.small > 95 THEN DELETE WHEN MATCHED AND s.small > 50 THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`,
      `OPTIMIZE ${pathOf("theirs")}`,
      ...Array.from({ length: 6 }, (_, i) => `UPDATE ${pathOf("theirs")} SET name = 'again ${i}' WHERE small = ${i}`),
    ];
    for (const step of steps) await spark(step);
    const { version } = await table.snapshot();
    expect(version).toBeGreaterThanOrEqual(10);
    for (let at = 0; at <= version; at += 2)
      expect(await ours(table, at), `version ${at}`).toEqual(await sparks("theirs", at));
    await table.append(rows(5000, 5100, "appended by us"));
    await table.merge(rows(5050, 5150, "merged by us"), { key: ["id"] });
    await table.optimize({ session });
    await table.checkpoint();
    expect(await sparks("theirs")).toEqual(await ours(table));
    await spark(`DELETE FROM ${pathOf("theirs")} WHERE id >= 9007199254740993 + 5100`);
    expect(await ours(table)).toEqual(await sparks("theirs"));
  });
});

it("a Spark that dies is reported with its end, and the next statement has a new one", async () => {
  await using service = await serveSpark();
  const spark = sparkAt(service.url);
  expect(await spark("SELECT 1")).toEqual([["1"]]);
  const first = service.pid;
  const underway = spark("SELECT count(*) FROM range(1000000000000)");
  setTimeout(() => process.kill(first ?? 0, "SIGKILL"), 300);
  await expect(underway).rejects.toThrow(/Spark has ended \(SIGKILL; MemAvailable: .*end of its log/s);
  expect(await spark("SELECT 2")).toEqual([["2"]]);
  expect(service.pid).not.toBe(first);
});
