import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { QueryEngine } from "../../src/engine/query-engine.ts";

/** Sets of rows unlike each other in which columns have NULLs, in the range of the others, and in their number. */
const batches: readonly (readonly (readonly (string | null)[])[])[] = [
  [],
  [["1", "a"]],
  [
    ["5", null],
    [null, "b"],
  ],
  [["900719925474099300", "NULL"]],
  [[null, null]],
  Array.from({ length: 5000 }, (_, i) => [String(i % 7), i % 2 === 0 ? "even" : null]),
  [["3", 'quote " backslash \\ line\nNUL \u0000 fish 🐟 é']],
  [["", ""]],
];

/** What queries over parameters alone give, run again and again with other texts. */
export function queryParametersConformance(name: string, create: () => Promise<QueryEngine>): void {
  describe(`${name} runs queries over texts`, () => {
    it("gives the rows of each call, whatever rows came before", async () => {
      await using engine = await create();
      await using session = await engine.session({ threads: 1 });
      const sql = `SELECT CASE WHEN n IS NULL THEN 'none' WHEN n = '' THEN 'empty' ELSE n END, t, t IS NULL
        FROM (${session.textRows(["n", "t"])}) AS given WHERE n IS NULL OR n <> '1'`;
      const expected = (rows: (typeof batches)[number]) =>
        rows.filter(([n]) => n !== "1").map(([n, t]) => [n === null ? "none" : n || "empty", t, t === null]);
      for (const first of batches)
        for (const rows of [first, ...batches]) {
          const given = await session.query(sql, { parameters: [JSON.stringify(rows)] });
          expect(given.rows).toEqual(expected(rows));
        }
    });

    it("writes what they give to the files that each call names", async () => {
      await using engine = await create();
      await using session = await engine.session({ threads: 1 });
      const folder = await mkdtemp(join(tmpdir(), "pinlake-engine-"));
      const columns = [
        { name: "n", type: "long" },
        { name: "t", type: "string" },
      ] as const;
      const sql = `SELECT parse_bigint(n), t FROM (${session.textRows(["n", "t"])}) AS given`;
      for (const [i, rows] of batches.entries()) {
        const path = join(folder, `${i}'s.parquet`);
        const file = await session.writeParquet(sql, columns, path, { parameters: [JSON.stringify(rows)] });
        expect(file).toMatchObject({ path, rows: rows.length, columns });
        await session.defineParquet("written", columns, [{ path }]);
        const back = await session.query("SELECT n, t FROM written");
        expect(back.rows).toEqual(rows.map(([n, t]) => [n ? BigInt(n) : null, t]));
      }
      const failing = session.writeParquet(
        `SELECT CAST(n AS BIGINT), t FROM (${session.textRows(["n", "t"])}) AS given`,
        columns,
        join(folder, "x"),
        {
          parameters: [JSON.stringify([["no number", "a"]])],
        },
      );
      await expect(failing).rejects.toMatchObject({ code: "QUERY_FAILED" });
      expect((await readdir(folder)).sort()).toEqual(batches.map((_, i) => `${i}'s.parquet`));
      await rm(folder, { recursive: true });
    });

    it("refuses those that read anything else, and goes on", async () => {
      await using engine = await create();
      await using session = await engine.session({ threads: 1 });
      await session.defineRows("stored", [{ name: "x", type: "integer" }], [[1]]);
      const sql = `SELECT t FROM (${session.textRows(["t"])}) AS given`;
      const parameters = ['[["a"]]'];
      for (const other of [`${sql} WHERE t IN (SELECT x FROM stored)`, "SELECT x FROM stored WHERE x = $1"])
        await expect(session.query(other, { parameters })).rejects.toMatchObject({ code: "QUERY_FAILED" });
      await expect(session.query(sql, { parameters: ["{"] })).rejects.toMatchObject({ code: "QUERY_FAILED" });
      expect((await session.query(sql, { parameters })).rows).toEqual([["a"]]);
    });

    it("keeps any number of them", async () => {
      await using engine = await create();
      await using session = await engine.session({ threads: 1 });
      const sql = (i: number) => `SELECT t, ${i} FROM (${session.textRows(["t"])}) AS given`;
      for (let turn = 0; turn < 2; turn++)
        for (let i = 0; i < 100; i++)
          expect((await session.query(sql(i), { parameters: [`[["${i}"]]`] })).rows).toEqual([[String(i), i]]);
    });
  });
}
