import { describe, expect, it } from "vitest";
import { manualClock } from "../../src/clock.ts";
import { logKey } from "../support/delta-table.ts";
import { LONGS } from "../support/made-delta-table.ts";
import { tablesInFolder } from "../support/tables-in-folder.ts";
import { sparkAt } from "./spark/spark.ts";

describe("Spark and we on tables with features", async () => {
  const spark = sparkAt();
  const { session, store, pathOf: pathIn, tableAt } = await tablesInFolder();
  const pathOf = (name: string) => `delta.\`${pathIn(name)}\``;
  const longs = (count: number) => ({ session, sql: `SELECT i::BIGINT AS n FROM range(${count}) r(i)` });

  it.each(["ours", "theirs"])(
    "the same versions at the same times, when these stand in the commits of %s",
    async (by) => {
      const name = `times-${by}`;
      const on = { "delta.enableInCommitTimestamps": "true" };
      const table = tableAt(name);
      const early = tableAt(name, { clock: manualClock(0) });
      if (by === "ours") {
        await table.create({ schema: LONGS });
        await table.append(longs(1));
        await table.alter({ setProperties: on });
      } else {
        await spark(`CREATE TABLE ${pathOf(name)} (n BIGINT) USING delta`);
        await spark(`INSERT INTO ${pathOf(name)} VALUES (1)`);
        await spark(`ALTER TABLE ${pathOf(name)} SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'true')`);
      }
      await early.append(longs(1));
      await spark(`INSERT INTO ${pathOf(name)} VALUES (1), (2)`);
      await early.append(longs(3));
      const described = await spark(`DESCRIBE HISTORY ${pathOf(name)}`);
      const theirs = described.map(([version, at]) => [Number(version), Date.parse(`${at?.replace(" ", "T")}Z`)]);
      const ours = (await Array.fromAsync(table.history())).map(({ version, timestampMs }) => [version, timestampMs]);
      const said = ours.filter(([version = 0]) => version >= 2);
      expect(said).toEqual(theirs.filter(([version = 0]) => version >= 2));
      for (const [version = 0, timestampMs = 0] of said) {
        expect(await tableAt(name).snapshot({ timestampMs })).toMatchObject({ version, timestampMs });
        const at = new Date(timestampMs).toISOString();
        const [[count] = []] = await spark(`SELECT count(*) FROM ${pathOf(name)} TIMESTAMP AS OF '${at}'`);
        expect(Number(count), `version ${version}`).toBe(await (await table.snapshot({ version })).countRows());
      }
      expect((await table.snapshot()).configuration).toMatchObject({ "delta.inCommitTimestampEnablementVersion": "2" });
    },
  );

  it("the same rows, where columns were widened and checkpoints are of the second kind", async () => {
    const table = tableAt("widened");
    const path = pathOf("widened");
    const properties = `'delta.enableTypeWidening' = 'true', 'delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '4'`;
    await spark(`CREATE TABLE ${path} (i INT, f FLOAT, d DECIMAL(6,2)) USING delta TBLPROPERTIES (${properties})`);
    await spark(`INSERT INTO ${path} VALUES (1, 0.1, 1.25), (2, 0.5, NULL)`);
    await spark(`ALTER TABLE ${path} ALTER COLUMN i TYPE BIGINT, f TYPE DOUBLE, d TYPE DECIMAL(10,4)`);
    await table.append({ session, sql: "SELECT 1 + (1::BIGINT << 40) AS i, 0.1::DOUBLE AS f, 2.125 AS d" });
    await table.update({ session, set: { d: "3.0625" }, where: "i = 2" });
    await spark(`INSERT INTO ${path} VALUES (5, 0.25, 5)`);
    await table.checkpoint();
    const { version: summedUp } = await table.snapshot();
    for (let at = 0; at <= summedUp; at++) await store.delete(logKey(at).replace(/^t/, "widened"));
    await table.append({ session, sql: "SELECT 6 AS i, 0.75 AS f, 6 AS d" });
    const theirs = await spark(`SELECT i, f, d FROM ${path} ORDER BY i`);
    await (await table.snapshot()).define(session, "ours");
    const { rows } = await session.query("SELECT i, f, d FROM ours ORDER BY i");
    expect(rows.map((row) => row.map(String))).toEqual(theirs);
    expect(rows[0]).toEqual([1n, Math.fround(0.1), "1.2500"]);
  });
});
