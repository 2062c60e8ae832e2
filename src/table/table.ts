import type { ParquetFile, QueryOptions, QuerySession, SqlValue } from "../engine/query-engine.ts";
import type { Column, StructType } from "../engine/schema.ts";
import type { TableChange } from "./table-change.ts";

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

/** By column, SQL over `source` and `target`; `all`: every column of the table from the source's of that name. */
export type MergeValues = "all" | Readonly<Record<string, string>>;

/** Of several clauses of a kind the first whose `when` (SQL over `source` and `target`; default: always) is true counts. */
export interface MergeIntoOptions extends CommitOptions {
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

export interface OptimizeOptions extends CommitOptions {
  readonly session: QuerySession;
  readonly targetBytes?: number;
  /** Neither does a file get more rows than that by being joined. Default: any number. */
  readonly targetRows?: number;
  readonly growth?: number;
  /** The paths of the files to look at. Default: all. */
  readonly files?: readonly string[];
  /**
   * Rewrites all files, not only small ones, with their rows in the order of these columns, NULLs first; readers that ask for
   * some values of the first need few files.
   */
  readonly sortBy?: readonly string[];
  /** The same for several columns at once (Z-order): values near in each of them lie near each other. */
  readonly zOrderBy?: readonly string[];
  /** Bytes that one commit joins at most: what is done is kept when a later one fails. Default: 1 GiB. */
  readonly commitBytes?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** How many files to make at most: the rest is for another call. Default: as many as it takes. */
  readonly maxFiles?: number;
  /**
   * Called once all joined files are written, with what commits them: a writer chooses the moment. When it throws
   * they are removed. Default: at once.
   */
  readonly commitWhen?: (joined: JoinedFiles) => Promise<Commit>;
}

/** Files that are written and not yet part of the table. */
export interface JoinedFiles {
  readonly files: readonly TableFile[];
  /** The paths of those in whose place they come. */
  readonly from: readonly string[];
  /** As a snapshot's. */
  define(session: QuerySession, name: string, options: DefineSnapshotOptions): Promise<void>;
  /**
   * Where the table marks deleted rows, those that left the joined files while they were written may be told, by the numbers
   * that they have in the new file: then that is no conflict.
   */
  commit(left?: { readonly file: string; readonly rows: readonly number[] }): Promise<Commit>;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface VacuumOptions extends QueryOptions {
  readonly retentionMs?: number;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  /**
   * `full` (default) looks at every file in the table's folder, so that also those go that no version ever named. `lite`
   * looks only for the files that the log's commits removed.
   */
  readonly mode?: "full" | "lite";
  readonly onProgress?: (progress: Progress) => void;
}

export type RestoreOptions = CommitOptions & { readonly at: SnapshotAt };

export interface FsckOptions extends QueryOptions {
  /** Default: true, nothing is repaired. */
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

export interface MissingFile {
  readonly path: string;
  readonly rows: number | undefined;
  readonly dataFileMissing: boolean;
  /** Where it should lie. */
  readonly deletionVectorMissing: string | undefined;
}

export interface FsckReport {
  /** What was looked at. */
  readonly version: number;
  readonly checkedFiles: number;
  readonly missing: readonly MissingFile[];
  /** The version without them; undefined for a dry run, and when none was missing. */
  readonly repairedIn: number | undefined;
}

export interface CreateOptions {
  readonly schema: StructType;
  readonly description?: string;
  readonly configuration?: Readonly<Record<string, string>>;
  /** Names of columns of simple types. Each file of the table then holds rows with the same values in these. */
  readonly partitionColumns?: readonly string[];
}

export interface HistoryEntry {
  readonly version: number;
  readonly timestampMs: number;
  readonly operation: string;
  readonly operationParameters: Readonly<Record<string, unknown>>;
  readonly operationMetrics: Readonly<Record<string, string>>;
  readonly engineInfo?: string;
}

/**
 * A table with versions.
 *
 * Promises every driver keeps (test/conformance/table.ts):
 * - Commits are serialisable; a reader sees whole versions only, also after kill -9 or power loss.
 * - A commit whose base was overtaken is either rebased, when nothing it read changed, or throws TABLE_CONFLICT
 *   (retry: rebase) and leaves no file behind.
 * - A commit that carries a txn which the table already has at this version or above throws TABLE_CONFLICT as well:
 *   a batch replayed after a crash is never stored twice.
 */
export interface Table {
  /** For messages: where the table lies. */
  readonly location: string;
  /** undefined when there is no table yet. */
  find(): Promise<Snapshot | undefined>;
  /** Throws TABLE_NOT_FOUND, TABLE_VERSION_NOT_FOUND. */
  snapshot(at?: SnapshotAt): Promise<Snapshot>;
  /** Throws TABLE_EXISTS; TABLE_UNSUPPORTED and USAGE for a definition that no table can have. */
  create(options: CreateOptions): Promise<Snapshot>;
  append(rows: Rows | RowFiles, options?: AppendOptions): Promise<Commit>;
  /**
   * Replaces every row; with `where` (SQL over the stored rows) only those for which it is true. It has to be true of the new
   * rows, too: then doing it again changes nothing. Throws CONSTRAINT_VIOLATED.
   */
  overwrite(
    rows: Rows | RowFiles,
    options?: AppendOptions & { readonly where?: string; readonly schema?: StructType },
  ): Promise<Commit>;
  /** Takes out the rows for which `where` is true. Commits also when there are none. */
  delete(options: DeleteOptions): Promise<Commit>;
  /** Changes the rows for which `where` is true. Counts them as replaced. Commits also when there are none. */
  update(options: UpdateOptions): Promise<Commit>;
  /** Upsert by key. */
  merge(rows: Rows | RowFiles, options: MergeOptions): Promise<Commit>;
  /** SQL's MERGE INTO: rows in any columns, and clauses that say what becomes of whom. */
  mergeInto(rows: Rows, options: MergeIntoOptions): Promise<Commit>;
  /**
   * Adds rows and takes out stored ones, by what the caller knows of the version that this is based on; others' rows in
   * later versions are a conflict (of a Serializable table). Counts the rows taken out as replaced. Nobody looks whether keys stay unique.
   */
  replace(rows: RowFiles, options: ReplaceOptions): Promise<Commit>;
  /** One change of the table's columns or properties, in a commit without rows. Throws TABLE_UNSUPPORTED, USAGE. */
  alter(change: TableChange, options?: CommitOptions): Promise<Commit>;
  /** A commit without rows: txns, properties, metrics. */
  touch(options: CommitOptions & { readonly operation: string }): Promise<Commit>;
  /** Newest first. */
  history(options?: { readonly limit?: number }): AsyncIterable<HistoryEntry>;
  checkpoint(): Promise<void>;
  /**
   * Joins small files without changing rows, each with others of its partition, and writes files anew of which deletion
   * vectors hide more than a twentieth; undefined when there is nothing to join. With `growth` a file is joined
   * only with smaller ones that have at least 1/growth of its bytes together: bounded cost for a table that keeps growing.
   */
  optimize(options: OptimizeOptions): Promise<Commit | undefined>;
  /**
   * Removes files that no version within the retention needs; returns their paths. Default: the table's own retention
   * (`delta.deletedFileRetentionDuration`, 7 days); a shorter one is refused unless forced.
   */
  vacuum(options?: VacuumOptions): Promise<readonly string[]>;
  /**
   * Makes an older version's rows, schema and properties the newest version's, in one commit; txns stay. Throws
   * TABLE_VERSION_NOT_FOUND, and TABLE_FILES_MISSING where a vacuum has removed what it needs.
   */
  restore(options: RestoreOptions): Promise<Commit>;
  /** Looks for every file of the newest version; a repair takes those that are missing, and their rows, out of the table. */
  fsck(options?: FsckOptions): Promise<FsckReport>;
}
