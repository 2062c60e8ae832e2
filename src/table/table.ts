import type { StructType } from "../engine/schema.ts";
import type { Snapshot, SnapshotAt } from "./snapshot.ts";
import type { TableChange } from "./table-change.ts";
import type { FsckOptions, FsckReport, OptimizeOptions, RestoreOptions, VacuumOptions } from "./upkeep.ts";
import type {
  AppendOptions,
  Commit,
  CommitOptions,
  DeleteOptions,
  MergeIntoOptions,
  MergeOptions,
  ReplaceOptions,
  RowFiles,
  Rows,
  UpdateOptions,
} from "./writes.ts";

// The port's other pages.
export type * from "./snapshot.ts";
export type * from "./upkeep.ts";
export type * from "./writes.ts";

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
