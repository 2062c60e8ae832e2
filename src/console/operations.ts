import type { RunReport } from "../schedule/run-workflow.ts";

/** Topics and streams are two name spaces with the same verbs. */
export type LogKind = "topics" | "streams";

export interface TopicReport {
  readonly name: string;
  readonly records: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly closed: boolean;
    /** The first readable offset, and the next to be given. */
    readonly start: number | string;
    readonly end: number | string;
  }[];
  /** The datasets that take it; empty: it is kept and landed, and nothing else. */
  readonly datasets: readonly string[];
}

export interface RecordReport {
  readonly partition: number;
  readonly offset: number | string;
  readonly timestamp: string;
  readonly key: RecordBytes;
  /** JSON stays text: parsed and written again, 1.10 or a large integer would be something else. */
  readonly value: RecordBytes | { readonly json: string };
}

/** Bytes as far as JSON can hold them. */
export type RecordBytes = null | { readonly text: string } | { readonly base64: string };

export interface ReadRequest {
  readonly partition: number;
  readonly from: string;
  readonly maxRecords: number;
  readonly waitMs: number;
}

export interface ReadReply {
  readonly records: readonly RecordReport[];
  readonly next: string;
}

export interface RunRequest {
  /** A workflow's name, or a task's. */
  readonly name: string;
  readonly full?: boolean;
  readonly memory?: string;
}

export interface RebuiltTable {
  readonly dataset: string;
  readonly version: number;
  readonly events: number;
  readonly rows: number;
  readonly superseded: number;
  readonly quarantined: number;
  readonly tombstones: number;
}

export interface OptimizeRequest {
  /** How large a joined file is to be. Default: 128 MiB. */
  readonly targetBytes?: number;
  /** Columns to sort all rows by. */
  readonly sortBy?: readonly string[];
  /** Columns in whose Z-order all rows are laid. */
  readonly zOrderBy?: readonly string[];
}

export interface OptimizeReport {
  readonly table: string;
  /** The newest version, whether or not there was anything to join. */
  readonly version: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
}

export interface VacuumRequest {
  /** Default: what the table itself promises its readers (`delta.deletedFileRetentionDuration`). */
  readonly retainHours?: number;
  /** Allows less than that. */
  readonly force?: boolean;
  /** Default: `full`, every file in the table's folder; `lite`: only those that the log's commits removed. */
  readonly mode?: "full" | "lite";
}

export interface VacuumReport {
  readonly table: string;
  /** Relative to the table. */
  readonly removed: readonly string[];
}

export interface CheckpointReport {
  readonly table: string;
  readonly version: number;
}

export interface Status {
  readonly pid: number;
  readonly folder: string;
  readonly startedAt: string;
  readonly gateway: string | undefined;
  readonly topics: readonly TopicReport[];
  readonly streams: readonly TopicReport[];
  /** What the log has removed, and which group keeps it from more; absent where somebody else removes. */
  readonly retention?: unknown;
  readonly stages: Readonly<Record<string, unknown>>;
}

/**
 * Every verb that needs the folder's lock, whoever holds it: the process that does carries them out itself, any other
 * asks it over the console.
 */
export interface Operations {
  status(): Promise<Status>;
  /** Resolves when every record acknowledged before the call lies in a visible, synced object. */
  flush(signal?: AbortSignal): Promise<{ readonly seconds: number }>;
  run(request: RunRequest, signal?: AbortSignal): Promise<RunReport>;
  /** Makes stream tables again from objects, then the log; without a name all of them. */
  rebuildStream(
    dataset: string | undefined,
    signal?: AbortSignal,
  ): Promise<{ readonly rebuilt: readonly RebuiltTable[] }>;
  /** Joins the small files of a table of ours. */
  optimize(table: string, request: OptimizeRequest, signal?: AbortSignal): Promise<OptimizeReport>;
  /** Removes the files of a table that no version within the retention needs. */
  vacuum(table: string, request: VacuumRequest, signal?: AbortSignal): Promise<VacuumReport>;
  /** Writes a checkpoint of a table's newest version, and removes expired versions of its log. */
  checkpoint(table: string, signal?: AbortSignal): Promise<CheckpointReport>;
  list(kind: LogKind): Promise<readonly TopicReport[]>;
  create(kind: LogKind, name: string, partitions: number | undefined): Promise<TopicReport>;
  remove(kind: LogKind, name: string): Promise<void>;
  read(kind: LogKind, name: string, request: ReadRequest, signal?: AbortSignal): Promise<ReadReply>;
}
