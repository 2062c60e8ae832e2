import type { QueryOptions, QuerySession, SqlValue } from "../engine/query-engine.ts";
import type { Column, StructType } from "../engine/schema.ts";

export interface TableFile {
  /** Relative to the table, decoded. */
  readonly path: string;
  /** Those that are part of the table. */
  readonly rows: number | undefined;
  /** Those that are not any more, by its deletion vector. */
  readonly deletedRows: number;
  readonly bytes: number;
}

/** Values of one column, all between these two, both included and neither NULL. */
export interface ColumnRange {
  readonly column: string;
  readonly min: SqlValue;
  readonly max: SqlValue;
}

/** A table at one version; stays what it is while others commit. */
export interface Snapshot {
  readonly version: number;
  /** When that version was committed, ms since the epoch. */
  readonly timestampMs: number;
  readonly schema: StructType;
  readonly columns: readonly Column[];
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  readonly files: readonly TableFile[];
  readonly txns: ReadonlyMap<string, bigint>;
  /** Makes this version readable as a view (or table) of that name: all of it, or the rows that these of its files hold. */
  define(session: QuerySession, name: string, options?: DefineSnapshotOptions): Promise<void>;
  /** The files that may hold a row with values in all of these ranges, by their stats; no other file does. */
  filesWithin(ranges: readonly ColumnRange[]): readonly TableFile[];
  /** Rows in it, from the files' own counts. */
  countRows(): Promise<number>;
}

export interface DefineSnapshotOptions extends QueryOptions {
  readonly files?: readonly string[];
  /** A further column (integer) of that name: the row's number in its file, counted from 0. */
  readonly rowNumber?: string;
}

export type SnapshotAt = { readonly version: number } | { readonly timestampMs: number };
