import { join } from "node:path";
import { openDeltaTable, structType } from "pinlake/delta";
import { type Figure, median } from "./figure.ts";

const SOURCE = 1000;
const FILES = 100;
const ROUNDS = 10;

/** Merges of 1,000 rows whose keys lie anywhere among the table's, half of them new; no index tells where. */
export async function merging(folder: string, rows: number): Promise<Figure[]> {
  await using table = await openDeltaTable(join(folder, "merged"));
  await using session = await table.session();
  await table.create({
    schema: structType([
      { name: "id", type: "long" },
      { name: "name", type: "string" },
      { name: "amount", type: "double" },
    ]),
    configuration: { "delta.enableDeletionVectors": "true" },
  });
  const each = Math.ceil(rows / FILES);
  // Even keys, so that odd ones are new.
  for (let file = 0; file < FILES; file++)
    await table.append({
      session,
      sql: `SELECT 2 * range AS id, 'name ' || range AS name, range / 7 AS amount FROM range(${file * each}, ${(file + 1) * each})`,
    });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const sql = `SELECT DISTINCT ON (id) id, 'merged' AS name, 1.5::DOUBLE AS amount FROM
      (SELECT CAST(floor(random() * ${2 * rows}) AS BIGINT) AS id FROM range(${SOURCE}))`;
    const startMs = performance.now();
    await table.merge({ session, sql }, { key: ["id"] });
    times.push(performance.now() - startMs);
  }
  return [
    {
      name: `merge of 1,000 rows into ${rows.toLocaleString("en")}, deletion vectors, no index`,
      value: median(times),
      unit: "ms p50",
      details: { "goal ms": 300, "longest ms": Math.max(...times) },
    },
  ];
}
