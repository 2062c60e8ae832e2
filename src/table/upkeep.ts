import type { QueryOptions, QuerySession } from "../engine/query-engine.ts";
import type { DefineSnapshotOptions, SnapshotAt, TableFile } from "./snapshot.ts";
import type { Commit, CommitOptions } from "./writes.ts";

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
