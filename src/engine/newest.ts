import type { QuerySession } from "./query-engine.ts";

export interface NewestPerKey {
  /** One row per key: that with the greatest (offset, partition, topic by bytes). */
  readonly rows: string;
  /** One number: how many rows that leaves out. */
  readonly dropped: string;
}

/** SQL over a table of clean rows, as both arms deduplicate it. */
export function newestPerKey(session: QuerySession, table: string, key: string): NewestPerKey {
  const from = session.quote(table);
  const by = session.quote(key);
  return {
    rows: `SELECT * FROM ${from} QUALIFY row_number() OVER (PARTITION BY ${by} ORDER BY _offset DESC, _partition DESC, _topic DESC) = 1`,
    dropped: `SELECT count(*) - count(DISTINCT ${by}) AS dropped FROM ${from}`,
  };
}
