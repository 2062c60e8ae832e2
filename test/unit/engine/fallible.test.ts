import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Dataset } from "../../../src/define/dataset.ts";
import { fallibleColumns } from "../../../src/engine/fallible-columns.ts";
import { dataType } from "../../../src/engine/schema.ts";
import { holdsEvery } from "../../../src/engine/widening.ts";
import { cleanInto } from "../../support/clean-into.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";
import { shippedDatasets } from "../../support/pinterest.ts";
import { red } from "../../support/stream-datasets.ts";

const { engine, folder } = await engineAndFolder();

/** The numbers are converted by SQL that fails where there is none. */
const fallible: Dataset = {
  ...red,
  select: "SELECT CAST(id AS BIGINT) AS id, word AS word, CAST(n AS BIGINT) + 1 AS n FROM raw",
  checks: [{ name: "no_word", when: "word IS NULL", message: "No word.", fields: ["word"] }],
};

const records = [
  [{ id: 1, word: "a", n: 1 }, "row"],
  [{ id: "abc", word: "a", n: 1 }, "sql_failed"],
  [{ id: 2, word: "a", n: "many" }, "sql_failed"],
  [{ id: 3, n: "many" }, "no_word"],
  [{ id: 4, n: 1 }, "no_word"],
  [{ word: "a" }, "missing_key"],
  [{ id: 5, word: "a", n: "9223372036854775807" }, "sql_failed"],
  [{ id: 6, word: "b", n: 2 }, "row"],
  [{ id: 6, word: "b", n: "" }, "sql_failed"],
] as const;

it.each(["records", "lines"] as const)(
  "values on which the dataset's SQL fails are found one by one among %s",
  async (as) => {
    await using session = await engine.session();
    for (const times of [1, 40]) {
      const all = Array.from({ length: times }, () => records).flat();
      const texts = all.map(([record]) => JSON.stringify(record));
      const path = join(folder.path, `${as}-${times}.json`);
      await writeFile(path, texts.map((text) => `${text}\n`).join(""));
      const values = texts.map((text, i) => ({ offset: BigInt(i), value: Buffer.from(text) }));
      const of = { topic: "t", partition: 0 };
      const input = as === "lines" ? { ...of, path, startOffset: 0n } : { ...of, records: values };
      const counts = await cleanInto(session, fallible, [[input]], { folder: folder.path });
      const bad = await session.rows('SELECT "offset", reason, detail FROM bad');
      const good = await session.rows("SELECT _offset FROM good");
      const reasons = new Map(bad.map((row) => [Number(row.offset), row.reason]));
      for (const row of good) reasons.set(Number(row._offset), "row");
      expect(all.map((_, i) => reasons.get(i))).toEqual(all.map(([, reason]) => reason));
      expect(counts).toMatchObject({ events: all.length, rows: 2 * times, quarantined: 7 * times });
      const failed = bad.find((row) => Number(row.offset) === 1);
      expect(failed?.detail).toMatch(/^The dataset's SQL fails on it: Conversion Error: .*abc[^\n]*$/);
    }
  },
  30_000,
);

it.each([
  ["word", false],
  ["filled(raw.word) || ' ' || coalesce(word, n, 'none')", false],
  ["CASE WHEN word IN ('a', 'b') THEN NULL WHEN n IS NOT NULL THEN replace(word, 'a', n) ELSE filled(word) END", false],
  ["CASE WHEN word = 'a' THEN word WHEN n NOT IN ('a') THEN n END", false],
  ["CASE WHEN word THEN 'yes' ELSE 'no' END", true],
  ["CASE WHEN NOT word THEN 'yes' ELSE 'no' END", true],
  ["CASE WHEN n = 'a' AND word THEN 'yes' ELSE 'no' END", true],
  ["CASE WHEN (word = 'a') = n THEN 'yes' ELSE 'no' END", true],
  ["CASE WHEN filled(word) THEN 'yes' END", true],
  ["CASE WHEN matches('abc', word) THEN 'yes' ELSE 'no' END", true],
  ["CASE nullif(length(word), 7) WHEN 3 THEN 'three' END", true],
  ["CASE WHEN coalesce(parse_bigint(n), 'none') = 3 THEN word END", true],
] as const)("a select of %s may fail: %s", async (sql, mayFail) => {
  await using session = await engine.session();
  const columns = red.columns.map((one) => (one.name === "n" ? { ...one, type: "STRING" as const } : one));
  const dataset = { ...red, columns, checks: [], select: `SELECT parse_bigint(id) AS id, word, ${sql} AS n FROM raw` };
  expect(fallibleColumns(dataset)).toEqual(mayFail ? ["n"] : []);
  const texts = ["true", "[", "", "a", "12", "false"];
  const records = texts.map((word, i) => ({ id: i, word, n: texts[5 - i] }));
  const values = records.map((record, i) => ({ offset: BigInt(i), value: Buffer.from(JSON.stringify(record)) }));
  const options = { folder: folder.path };
  const counts = await cleanInto(session, dataset, [[{ topic: "t", partition: 0, records: values }]], options);
  expect(counts.rows + counts.quarantined).toBe(texts.length);
});

it("a number and a text compared, or one in the other's place, may fail", async () => {
  await using session = await engine.session();
  for (const sql of ["nullif(parse_bigint(n), word)", "coalesce(parse_bigint(n), 'none')"]) {
    const dataset = { ...red, checks: [], select: `SELECT parse_bigint(id) AS id, word, ${sql} AS n FROM raw` };
    expect(fallibleColumns(dataset)).toEqual(["n"]);
    const value = Buffer.from('{"id":1,"word":"a","n":"1"}');
    const input = { topic: "t", partition: 0, records: [{ offset: 0n, value }] };
    expect(await cleanInto(session, dataset, [[input]], { folder: folder.path })).toMatchObject({ events: 1 });
  }
});

it("knows of each shipped column whether its SQL may fail", async () => {
  const { pin, geo, user } = await shippedDatasets();
  expect([pin, geo, user].map(fallibleColumns)).toEqual([[], [], ["age"]]);
  expect(fallibleColumns(fallible)).toEqual(["id", "n"]);
});

it.each([
  ["BIGINT", "INT", true],
  ["INT", "BIGINT", false],
  ["BIGINT", "STRING", false],
  ["STRING", "BIGINT", false],
  ["DOUBLE", "INT", true],
  ["DOUBLE", "BIGINT", false],
  ["FLOAT", "DOUBLE", false],
  ["DECIMAL(12,2)", "INT", true],
  ["DECIMAL(12,3)", "INT", false],
  ["DECIMAL(12,2)", "DECIMAL(10,1)", true],
  ["DECIMAL(12,2)", "DECIMAL(12,3)", false],
  ["ARRAY<DOUBLE>", "ARRAY<FLOAT>", true],
  ["ARRAY<DOUBLE>", "DOUBLE", false],
] as const)("%s holds every %s: %s", (to, from, holds) => {
  expect(holdsEvery(dataType(to), dataType(from))).toBe(holds);
});
