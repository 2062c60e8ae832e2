import type { ParquetFile, QueryOptions, QuerySession } from "../engine/query-engine.ts";
import type { Snapshot, TableFile } from "./snapshot.ts";

/** Rows on their way into a table: what this query gives in that session, columns by name. */
export interface Rows {
  readonly session: QuerySession;
  readonly sql: string;
}

/**
 * Rows that lie in files already, as the session's writeParquet made them with the table's columns in schema order
 * (SCHEMA_MISMATCH). The table takes the files: once the call has ended they are part of it, or gone.
 */
export interface RowFiles {
  readonly session: QuerySession;
  readonly files: readonly ParquetFile[];
}

/** `version` of an application, remembered by the commit that carries it: replaying a batch finds it and does nothing. */
export interface Txn {
  readonly appId: string;
  readonly version: bigint;
}

export interface CommitOptions extends QueryOptions {
  /** The version that the caller's decision rests on; conflicts are judged against it. Default: the newest. */
  readonly basedOn?: Snapshot;
  readonly txns?: readonly Txn[];
  /** Added to the commit's operationMetrics; gets what the operation counted. */
  readonly metrics?: (counted: OperationCounts) => Readonly<Record<string, string>>;
  /** Table properties set by the same commit. Those of Delta are checked (USAGE), and the protocol is raised where they need it. */
  readonly configuration?: Readonly<Record<string, string>>;
}

export interface AppendOptions extends CommitOptions {
  /** Columns that the rows have and the table lacks become columns of the table. Default: SCHEMA_MISMATCH. */
  readonly mergeSchema?: boolean;
}

export interface OperationCounts {
  readonly inserted: number;
  /** Stored rows whose place a source row took. */
  readonly replaced: number;
  /** Source rows that found their key stored and did not replace it. */
  readonly kept: number;
  readonly deleted: number;
}

export interface Commit extends OperationCounts {
  readonly version: number;
  readonly added: readonly TableFile[];
  /**
   * The one file among them with every row that this commit brought (not those copied from other files); undefined when
   * there are none, or several.
   */
  readonly rowsFile: string | undefined;
  /** Paths that are no longer part of the table, and the file that now holds what was left of each, if it is one file. */
  readonly removed: readonly { readonly path: string; readonly movedTo: string | undefined }[];
}

export interface MergeOptions extends AppendOptions {
  /** Columns that identify a row; no two source rows may agree in them (MERGE_AMBIGUOUS). */
  readonly key: readonly string[];
  /** SQL over `source` and `target`: whether the source row takes the stored one's place. Default: always. */
  readonly replaceWhen?: string;
}

export interface DeleteOptions extends CommitOptions {
  readonly session: QuerySession;
  /** SQL over the stored rows. */
  readonly where: string;
}

export interface UpdateOptions extends CommitOptions {
  readonly session: QuerySession;
  /** SQL over the stored rows. Default: all of them. */
  readonly where?: string;
  /** By column, SQL over the stored row; the other columns stay. */
  readonly set: Readonly<Record<string, string>>;
}

/**
 * By column, SQL over `source` and `target`; `all`: every column of the table from the source's of that name. With `mergeSchema`
 * columns that only the source has become the table's, and those that it lacks stay, or are NULL.
 */
export type MergeValues = "all" | Readonly<Record<string, string>>;

/** Of several clauses of a kind the first whose `when` (SQL over `source` and `target`; default: always) is true counts. */
export interface MergeIntoOptions extends AppendOptions {
  /** SQL over `source` and `target`: which source rows meet which stored ones. */
  readonly on: string;
  /** A stored row may meet one source row at most that changes it (MERGE_AMBIGUOUS). */
  readonly whenMatched?: readonly ({ readonly when?: string } & (
    | { readonly update: MergeValues }
    | { readonly delete: true }
  ))[];
  /** About `source` alone. Columns that are not named are NULL. */
  readonly whenNotMatched?: readonly { readonly when?: string; readonly insert: MergeValues }[];
  /** About `target` alone. */
  readonly whenNotMatchedBySource?: readonly ({ readonly when?: string } & (
    | { readonly update: Readonly<Record<string, string>> }
    | { readonly delete: true }
  ))[];
}

export interface ReplaceOptions extends CommitOptions {
  /** The stored rows to take out: by file, their numbers in it, counted from 0. */
  readonly leaving: ReadonlyMap<string, readonly number[]>;
}
