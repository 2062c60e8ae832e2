import type { LogRecord } from "../record.ts";
import type { QueryOptions } from "./query-engine.ts";

/** Where raw rows come from: lines of a local NDJSON file, line i being offset `startOffset` + i; or records in memory. */
export type RawInput = {
  /** The topic's or stream's own name, as the `_topic` column shows it. */
  readonly topic: string;
  readonly partition: number;
} & (
  | { readonly path: string; readonly startOffset: bigint; readonly lines: "value" | "stream-envelope" }
  | { readonly records: readonly Pick<LogRecord, "offset" | "value">[] }
);

export interface CleanOptions extends QueryOptions {
  /** Name of the table that gets the good rows: the dataset's columns, then `_topic`, `_partition`, `_offset`. */
  readonly into: string;
  /** Name of the table that gets the others, in the quarantine's columns (see QUARANTINE_COLUMNS). */
  readonly badInto: string;
  /** For files between the stages; the caller removes it. */
  readonly tempFolder: string;
  /** What `at` of quarantined rows says. */
  readonly nowMs: number;
}

/** What became of the events of one call; each figure is counted, none is a remainder. */
export interface CleanCounts {
  readonly events: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly tombstones: number;
  /** By the name of the dataset's warnings. */
  readonly warnings: Readonly<Record<string, number>>;
}
