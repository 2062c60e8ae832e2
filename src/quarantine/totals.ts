import type { Table } from "../table/table.ts";

/**
 * What became of events that left no row behind, since the table was built: running totals that every commit of ours
 * carries in its operationMetrics.
 */
export interface Totals {
  readonly superseded: number;
  readonly tombstones: number;
}

export const NO_TOTALS: Totals = { superseded: 0, tombstones: 0 };

export const addTotals = (a: Totals, b: Totals): Totals => ({
  superseded: a.superseded + b.superseded,
  tombstones: a.tombstones + b.tombstones,
});

/** As operationMetrics hold them. */
export const totalsMetrics = (totals: Totals): Readonly<Record<string, string>> => ({
  superseded: String(totals.superseded),
  tombstones: String(totals.tombstones),
});

/** The totals of the newest commit at or below `version` that has them. */
export async function readTotals(table: Table, version: number): Promise<Totals> {
  for await (const commit of table.history()) {
    if (commit.version > version) continue;
    const { superseded, tombstones } = commit.operationMetrics;
    if (superseded !== undefined && tombstones !== undefined)
      return { superseded: Number(superseded), tombstones: Number(tombstones) };
  }
  return NO_TOTALS;
}
