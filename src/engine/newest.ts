import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { inLanes } from "./lanes.ts";
import type { ParquetFile, QueryOptions, QuerySession } from "./query-engine.ts";

const NEWEST_FIRST = "_offset DESC, _partition DESC, _topic DESC";

export interface NewestFilesOptions extends QueryOptions {
  readonly key: string;
  /** For files that take the place of others. */
  readonly folder: string;
}

/**
 * One row per key of clean rows in files: that with the greatest (offset, partition, topic by bytes). They may be many
 * more than fit into memory: only keys and positions are looked at, and only files that lose rows are written anew, the
 * old ones removed.
 */
export async function keepNewestInFiles(
  session: QuerySession,
  files: readonly ParquetFile[],
  { key, folder, signal }: NewestFilesOptions,
): Promise<{ readonly files: readonly ParquetFile[]; readonly superseded: number }> {
  if (files.length === 0) return { files, superseded: 0 };
  const run = signal === undefined ? {} : { signal };
  const id = randomUUID();
  const [repeated, losers] = [session.quote(`repeated_${id}`), session.quote(`losers_${id}`)];
  const by = session.quote(key);
  const rows = `read_parquet([${files.map(({ path }) => session.literal(path)).join(", ")}], hive_partitioning = false, file_row_number = true)`;
  try {
    await session.execute(
      `CREATE TABLE ${repeated} AS SELECT ${by} FROM ${rows} GROUP BY ${by} HAVING count(*) > 1;
       CREATE TABLE ${losers} AS SELECT file, file_row_number FROM (
         SELECT CAST(file_index AS INTEGER) AS file, file_row_number, row_number() OVER (PARTITION BY ${by} ORDER BY ${NEWEST_FIRST}) AS place
         FROM ${rows} WHERE ${by} IN (SELECT ${by} FROM ${repeated})) AS q WHERE place > 1`,
      run,
    );
    const losing = new Map(
      (await session.query(`SELECT file, count(*) FROM ${losers} GROUP BY file`, run)).rows.map(
        ([file, n]) => [Number(file), Number(n)] as const,
      ),
    );
    const kept: (ParquetFile | undefined)[] = [...files];
    await inLanes(session, losing.keys(), async (lane, number) => {
      const { path, columns, rows: before } = files[number] as ParquetFile;
      kept[number] = undefined;
      if (losing.get(number) !== before) {
        const list = columns.map(({ name }) => lane.quote(name)).join(", ");
        const sql = `SELECT ${list} FROM read_parquet(${lane.literal(path)}, hive_partitioning = false, file_row_number = true)
          WHERE file_row_number NOT IN (SELECT file_row_number FROM ${losers} WHERE file = ${number})`;
        kept[number] = await lane.writeParquet(sql, columns, join(folder, `${randomUUID()}.parquet`), run);
      }
      await rm(path, { force: true });
    });
    return {
      files: kept.filter((file) => file !== undefined),
      superseded: [...losing.values()].reduce((sum, n) => sum + n, 0),
    };
  } finally {
    await session.execute(`DROP TABLE IF EXISTS ${repeated}; DROP TABLE IF EXISTS ${losers}`).catch(() => {});
  }
}
