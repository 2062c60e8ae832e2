import type { LogRecord } from "../record.ts";
import type { AppendRecord } from "./event-log.ts";
import type { TopicState } from "./topic-state.ts";

/**
 * The offsets of one partition of a topic name, across all its incarnations. Numbers inside, bigints at the port:
 * 2^53 records are more than a disk holds.
 */
export interface PartitionLog {
  readonly topicId: number;
  readonly topic: string;
  readonly partition: number;
  /** The first offset still kept. */
  start: number;
  /** The next offset to be given: one past the last stored record. */
  end: number;
}

export const partitionLog = (topicId: number, topic: string, partition: number): PartitionLog => ({
  topicId,
  topic,
  partition,
  start: 0,
  end: 0,
});

/** Records of one partition that are stored together; `base` is the offset of the first. */
export interface Block {
  readonly log: PartitionLog;
  readonly base: number;
  readonly records: AppendRecord[];
}

/** A topic with where its partitions stand: what a storage has to remember of it. */
export interface TopicEntry {
  state: TopicState;
  /** By partition; every partition that the name ever had. */
  readonly logs: PartitionLog[];
}

export interface RetentionLimits {
  /** -1 is no limit. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
}

export interface ReadLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/**
 * Where a local log keeps what it was given. Calls of `write` and `saveTopics` never overlap; when one rejects,
 * nothing of it was stored. What is read lies below the `end` of its partition, which only the log moves.
 */
export interface RecordStorage extends AsyncDisposable {
  /** Stores all blocks or none. */
  write(blocks: readonly Block[], nowMs: number): Promise<void>;
  saveTopics(entries: readonly TopicEntry[]): Promise<void>;
  /** At least one record from `from` on, `from` being below the end. */
  read(log: PartitionLog, from: number, limits: ReadLimits): Promise<readonly LogRecord[]>;
  offsetForTime(log: PartitionLog, from: number, timestampMs: number): Promise<number | undefined>;
  /** The offset below which records are past the limits. */
  expired(log: PartitionLog, limits: RetentionLimits, nowMs: number): number;
  /**
   * Sees to it that what is still being written to can expire: it takes no more when its oldest record is older than a
   * tenth of what its topic keeps (-1: for ever).
   */
  sealPast(retentionMs: (topicId: number) => number, nowMs: number): Promise<void>;
  /** Gives up what can be made again, so that a full disk has room for the few bytes that let it free more. */
  makeRoom(): Promise<void>;
  /** Frees what lies below the starts of the partitions, as far as it can; gives the bytes. May overlap with a write. */
  removeBelowStarts(startOf: (topicId: number, partition: number) => number): Promise<number>;
}

/** Committed offsets of groups, kept durably. */
export interface GroupOffsets extends Disposable {
  commit(group: string, topic: string, partition: number, next: bigint | null): Promise<void>;
  committed(group: string, topic: string, partition: number): bigint | undefined;
}
