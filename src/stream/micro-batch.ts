import type { SqlValue } from "../engine/query-engine.ts";
import type { Position } from "../record.ts";
import type { KeyIndex, StoredRow } from "./key-index.ts";

/** A clean row, as far as its fate depends on it. */
export interface CleanKey {
  readonly key: SqlValue;
  readonly position: Position;
}

export interface MicroBatchPlan<Row extends CleanKey> {
  /** One row per key, newer than what the table has of it, in the order in which they came. */
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
  for (const row of rows) {
    if (newest.get(row.key) !== row) continue;
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

/** The numbers of these rows, by the file that holds them. */
export function rowsByFile(rows: readonly StoredRow[]): ReadonlyMap<string, readonly number[]> {
  const byFile = new Map<string, number[]>();
  for (const { file, row } of rows) {
    const known = byFile.get(file);
    if (known === undefined) byFile.set(file, [row]);
    else known.push(row);
  }
  return byFile;
}
