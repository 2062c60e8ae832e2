import type { SqlValue } from "../engine/query-engine.ts";
import type { Position } from "../record.ts";
import type { KeyIndex, StoredRow } from "./key-index.ts";

/** A clean row, as far as its fate depends on it. */
export interface CleanKey {
  readonly key: SqlValue;
  readonly position: Position;
}

export interface MicroBatchPlan<Row extends CleanKey> {
  /** One row per key, newer than what the table has of it. */
  readonly winners: readonly Row[];
  /** How many rows another of this batch, or the stored one, is newer than. */
  readonly losers: number;
  /** The stored rows whose place a winner takes. */
  readonly replaced: readonly StoredRow[];
}

/** What becomes of a micro-batch's rows in a table whose keys the index knows. */
export function planMicroBatch<Row extends CleanKey>(rows: readonly Row[], index: KeyIndex): MicroBatchPlan<Row> {
  const newest = new Map<SqlValue, Row>();
  for (const row of rows) {
    const other = newest.get(row.key);
    if (other === undefined || isNewer(row.position, other.position)) newest.set(row.key, row);
  }
  const winners: Row[] = [];
  const replaced: StoredRow[] = [];
  for (const row of newest.values()) {
    const stored = index.get(row.key);
    if (stored !== undefined && !isNewer(row.position, stored.position)) continue;
    winners.push(row);
    if (stored !== undefined) replaced.push(stored);
  }
  return { winners, losers: rows.length - winners.length, replaced };
}

/** The total order of records: offset, then partition, then topic (its characters are ASCII, so this is byte order). */
export function isNewer(a: Position, b: Position): boolean {
  if (a.offset !== b.offset) return a.offset > b.offset;
  if (a.partition !== b.partition) return a.partition > b.partition;
  return a.topic > b.topic;
}

/** SQL that is true for the rows of these positions. */
export function positionCondition(
  rows: readonly Pick<CleanKey, "position">[],
  sql: { readonly quote: (name: string) => string; readonly literal: (text: string) => string },
): string {
  const bySource = Map.groupBy(rows, ({ position }) => `${position.partition}/${position.topic}`);
  const conditions = [...bySource.values()].map((group) => {
    const { topic, partition } = (group[0] as StoredRow).position;
    const offsets = group.map(({ position }) => position.offset).join(", ");
    return `(${sql.quote("_topic")} = ${sql.literal(topic)} AND ${sql.quote("_partition")} = ${partition} AND ${sql.quote("_offset")} IN (${offsets}))`;
  });
  return conditions.length === 0 ? "FALSE" : conditions.join(" OR ");
}
