import type { ParquetFile, QueryOptions, QuerySession } from "./query-engine.ts";

/** Rows with consecutive offsets that lie one behind the other in a file. */
export interface OffsetRun {
  readonly topic: string;
  readonly partition: number;
  readonly start: bigint;
  readonly rows: number;
}

/** A file's rows as runs, in the order in which they lie there. */
export async function offsetRuns(
  session: QuerySession,
  { path, rows }: Pick<ParquetFile, "path" | "rows">,
  options: QueryOptions = {},
): Promise<OffsetRun[]> {
  const starts = await session.query(
    `SELECT n, _topic, _partition, _offset FROM (
       SELECT row_number() OVER () AS n, _topic, _partition, _offset, lag(_topic) OVER () AS topic_before,
         lag(_partition) OVER () AS partition_before, lag(_offset) OVER () AS before
       FROM read_parquet(${session.literal(path)}, hive_partitioning = false)) AS q
     WHERE before IS NULL OR _offset <> before + 1 OR _topic <> topic_before OR _partition <> partition_before
     ORDER BY n`,
    options,
  );
  return starts.rows.map(([n, topic, partition, start], i) => ({
    topic: topic as string,
    partition: partition as number,
    start: start as bigint,
    rows: Number(starts.rows[i + 1]?.[0] ?? rows + 1) - Number(n),
  }));
}

export interface NumberedLines {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: bigint;
  readonly lines: number;
}

/** For each input the numbers of its lines that are in none of the runs, rising. */
export function missingLines(inputs: readonly NumberedLines[], runs: readonly OffsetRun[]): number[][] {
  const byPartition = Map.groupBy(runs, ({ topic, partition }) => `${partition}/${topic}`);
  for (const found of byPartition.values()) found.sort((a, b) => (a.start < b.start ? -1 : 1));
  return inputs.map(({ topic, partition, startOffset, lines }) => {
    const missing: number[] = [];
    let next = 0;
    for (const run of byPartition.get(`${partition}/${topic}`) ?? []) {
      const first = Number(run.start - startOffset);
      if (first + run.rows <= 0) continue;
      if (first >= lines) break;
      for (; next < first; next++) missing.push(next);
      next = first + run.rows;
    }
    for (; next < lines; next++) missing.push(next);
    return missing;
  });
}
