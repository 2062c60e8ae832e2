import type { SqlValue } from "../engine/query-engine.ts";
import type { Position } from "../record.ts";
import type { KeyIndex } from "./key-index.ts";

/** A clean row, as far as its fate depends on it. */
export interface CleanKey {
  readonly key: SqlValue;
  readonly position: Position;
}

export interface MicroBatchPlan {
  /** One row per key, newer than what the table has of it. */
  readonly winners: readonly CleanKey[];
  /** Rows that another of this batch, or the stored one, is newer than. */
  readonly losers: readonly CleanKey[];
  /** How many winners take a stored row's place. */
  readonly replacing: number;
  /** The files that hold those stored rows. */
  readonly files: readonly string[];
}

/** What becomes of a micro-batch's rows in a table whose keys the index knows. */
export function planMicroBatch(rows: readonly CleanKey[], index: KeyIndex): MicroBatchPlan {
  const newest = new Map<SqlValue, CleanKey>();
  const losers: CleanKey[] = [];
  for (const row of rows) {
    const other = newest.get(row.key);
    if (other === undefined) newest.set(row.key, row);
    else if (isNewer(row.position, other.position)) {
      newest.set(row.key, row);
      losers.push(other);
    } else losers.push(row);
  }
  const winners: CleanKey[] = [];
  const files = new Set<string>();
  let replacing = 0;
  for (const row of newest.values()) {
    const stored = index.get(row.key);
    if (stored !== undefined && !isNewer(row.position, stored.position)) {
      losers.push(row);
      continue;
    }
    winners.push(row);
    if (stored === undefined) continue;
    replacing++;
    files.add(stored.file);
  }
  return { winners, losers, replacing, files: [...files] };
}

/** The total order of records: offset, then partition, then topic (its characters are ASCII, so this is byte order). */
export function isNewer(a: Position, b: Position): boolean {
  if (a.offset !== b.offset) return a.offset > b.offset;
  if (a.partition !== b.partition) return a.partition > b.partition;
  return a.topic > b.topic;
}

/** SQL that is true for the rows of these positions; there must be some. */
export function positionCondition(
  rows: readonly CleanKey[],
  sql: { readonly quote: (name: string) => string; readonly literal: (text: string) => string },
): string {
  const bySource = Map.groupBy(rows, ({ position }) => `${position.partition}/${position.topic}`);
  return [...bySource.values()]
    .map((group) => {
      const { topic, partition } = (group[0] as CleanKey).position;
      const offsets = group.map(({ position }) => position.offset).join(", ");
      return `(${sql.quote("_topic")} = ${sql.literal(topic)} AND ${sql.quote("_partition")} = ${partition} AND ${sql.quote("_offset")} IN (${offsets}))`;
    })
    .join(" OR ");
}
