import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Dataset } from "../src/define/dataset.ts";
import { besideSpark } from "./beside-spark.ts";
import type { Figure } from "./figure.ts";
import { expectSameRows } from "./same-rows.ts";

/** Objects that the warm-up takes. */
const FEW = 10;

/**
 * Cleaning the same objects of pins into a Delta table by the dataset's own SQL and checks, here and in Spark. We
 * look for bad lines and keep each row's position as well, which Spark is spared.
 */
export function cleanBesideSpark(options: {
  readonly folder: string;
  readonly dataset: Dataset;
  readonly objects: readonly string[];
  readonly rows: number;
}): Promise<Figure[]> {
  const { dataset, objects, rows } = options;
  const folder = join(options.folder, "beside-spark");
  const few = join(folder, "few");
  const all = join(folder, "all");
  for (const path of [few, all]) mkdirSync(path, { recursive: true });
  for (const path of objects) copyFileSync(path, join(all, basename(path)));
  for (const path of objects.slice(0, FEW)) copyFileSync(path, join(few, basename(path)));
  return besideSpark({
    name: "clean pin beside Spark",
    unit: "rows/s",
    count: rows,
    goal: 6,
    memoryGoal: 0.5,
    folder,
    ours: (round) => ({
      work: "clean",
      objects: round === "small" ? objects.slice(0, FEW) : objects,
      into: join(folder, `ours-${round}`),
    }),
    sparks: (round) => [
      rawView(dataset, round === "small" ? few : all),
      `CREATE TABLE delta.\`${join(folder, `spark-${round}`)}\` USING delta AS ${sparkSql(dataset)}`,
    ],
    compare: (round) =>
      expectSameRows(
        folder,
        [`ours-${round}`, `spark-${round}`],
        dataset.columns.map(({ name }) => name),
      ),
  });
}

/** Every field as text, as the portable SQL has it. */
function rawView({ record }: Dataset, folder: string): string {
  const fields = Object.keys(record.fields).map((name) => `\`${name}\` STRING`);
  return `CREATE OR REPLACE TEMPORARY VIEW raw (${fields.join(", ")}) USING json
    OPTIONS (path '${folder}', allowSingleQuotes 'false', allowNonNumericNumbers 'false')`;
}

/** The dataset's SELECT as it stands, with the raw fields beside it for the checks. */
function sparkSql({ select, columns, key, checks }: Dataset): string {
  const list = columns.map(({ name, type }) => `CAST(q.${name} AS ${type}) AS ${name}`).join(", ");
  const good = [`q.${key} IS NOT NULL`, ...checks.map(({ when }) => `(${when}) IS NOT TRUE`)].join(" AND ");
  return `SELECT ${list} FROM (${select.replace(/^\s*SELECT/i, "SELECT struct(raw.*) AS raw, ")}) AS q WHERE ${good}`;
}
