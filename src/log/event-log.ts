import type { EventRecord, LogRecord } from "../record.ts";

/** What a driver can promise beyond the suite that all pass; the conformance suite checks what is declared. */
export interface EventLogSupports {
  /** An append that resolved survives kill -9 and power loss. */
  readonly durable: boolean;
  /** Offsets of a partition have no gaps. */
  readonly denseOffsets: boolean;
  /** A topic made again under an old name goes on at its old next offset. */
  readonly offsetsOutliveTopic: boolean;
}

/** Keys that a partition takes when a producer routes by hash; both ends inclusive, 128-bit unsigned. */
export interface HashRange {
  readonly start: bigint;
  readonly end: bigint;
}

export interface PartitionDescription {
  readonly partition: number;
  /** A closed partition is readable and takes no more records. */
  readonly closed: boolean;
  /** The partitions it was split or merged from. */
  readonly parents: readonly number[];
  readonly hashRange?: HashRange;
  /** When it was made, ms since the epoch. Rises with `partition` within a topic. */
  readonly createdAtMs: number;
}

export interface TopicDescription {
  readonly topic: string;
  /** Differs for each creation of a topic under one name: 1, 2, … in order of creation. */
  readonly incarnation: number;
  readonly createdAtMs: number;
  readonly config: Readonly<Record<string, string>>;
  readonly partitions: readonly PartitionDescription[];
}

export interface CreateTopicOptions {
  /** Default 1. */
  readonly partitions?: number;
  /** One per partition when given. */
  readonly hashRanges?: readonly HashRange[];
  /** Free settings that the driver keeps and gives back (`retention.ms` and `retention.bytes` it obeys). */
  readonly config?: Readonly<Record<string, string>>;
}

/** A record to append. Without `partition` its key decides (murmur2, as Kafka's default partitioner); without a key, any open one. */
export interface AppendRecord extends EventRecord {
  readonly partition?: number;
}

export interface AppendResult {
  readonly partition: number;
  readonly offset: bigint;
}

/** What became of one record of an append: stored at an offset, or not stored, with the reason. */
export type AppendOutcome = AppendResult | { readonly error: Error };

/** Records in offset order. `next` is where to read on: past the last record, or past offsets that hold none. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  readonly next: bigint;
}

export interface ReadOptions {
  /** Default 10,000. */
  readonly maxRecords?: number;
  /** Bytes of keys and values; at least one record comes whatever its size. Default 8 MiB. */
  readonly maxBytes?: number;
  /** How long to wait for a first record when there is none; 0 (the default) does not wait. Then an empty batch comes. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /** Stages read what a deleted topic left, and below the start of its present incarnation, until they have taken it. */
  readonly includeDeleted?: boolean;
}

/** Offsets held: `start` is the first readable one, `end` the next to be given. */
export interface PartitionBounds {
  readonly start: bigint;
  readonly end: bigint;
}

/** A partition that a stage has to take, of a live or deleted topic. */
export interface StagePartition extends PartitionBounds {
  readonly topic: string;
  readonly partition: number;
  readonly deleted: boolean;
}

/** What retention did, and what keeps it from doing more. */
export interface RetentionStatus {
  /** When it last looked, ms since the epoch; undefined before its first turn. */
  readonly lastTurnAtMs?: number;
  /** Since the start; what was freed on the disk. */
  readonly removedBytes: number;
  /** What is past the limits or deleted, and stays until a group has taken it. */
  readonly held: readonly HeldRecords[];
  /** Why the last turn failed, if it did; the next tries again. */
  readonly failure?: Error;
}

export interface HeldRecords {
  readonly topic: string;
  readonly partition: number;
  /** The one that is furthest behind. */
  readonly group: string;
  readonly from: bigint;
  readonly records: number;
}

/**
 * Records in partitions of topics, kept in the order in which they were accepted.
 *
 * Promises every driver keeps (test/conformance/event-log.ts):
 * - Order per partition; offsets rise and are never reused under a topic name, also after delete and re-create.
 * - `append` resolves when its records are stored; what it did not store is not readable (after a crash it may be: as
 *   with any producer that heard no answer).
 * - A group's committed offset is durable once `commit` resolved; what was not committed comes again.
 * - A reader below the start gets OFFSET_OUT_OF_RANGE naming the range, never a silent jump.
 * - Retention never removes what one of the stages' groups has not committed.
 *
 * Topics whose names start with `__` are internal: `listTopics` gives them, gateways hide them (see names.ts).
 */
export interface EventLog extends AsyncDisposable {
  readonly supports: EventLogSupports;

  /** Throws TOPIC_EXISTS, TOPIC_NAME_INVALID. */
  createTopic(topic: string, options?: CreateTopicOptions): Promise<TopicDescription>;
  /** Throws TOPIC_NOT_FOUND. Answers from memory: cheap enough for every request. */
  describeTopic(topic: string): Promise<TopicDescription>;
  /** Live topics by name, in byte order. */
  listTopics(): Promise<readonly TopicDescription[]>;
  /** Hides the topic at once; its records stay until every stage has taken them. Throws TOPIC_NOT_FOUND. */
  deleteTopic(topic: string): Promise<void>;

  /** Adds the next partition and closes its parents in one step. */
  addPartition(
    topic: string,
    options?: { readonly parents?: readonly number[]; readonly hashRange?: HashRange },
  ): Promise<PartitionDescription>;
  closePartition(topic: string, partition: number): Promise<void>;

  /**
   * One outcome per record, in order. Rejects when no record was stored: TOPIC_NOT_FOUND, PARTITION_NOT_FOUND,
   * PARTITION_CLOSED, RECORD_TOO_LARGE, STORAGE_FULL, STORAGE_FAILED, CLOSED.
   */
  append(topic: string, records: readonly AppendRecord[]): Promise<readonly AppendOutcome[]>;

  /** Throws OFFSET_OUT_OF_RANGE below the start or above the end; at the end it waits. */
  read(topic: string, partition: number, from: bigint, options?: ReadOptions): Promise<LogBatch>;
  bounds(topic: string, partition: number): Promise<PartitionBounds>;
  /** The first offset whose record's timestamp is at or after `timestampMs`; undefined when there is none. */
  offsetForTime(topic: string, partition: number, timestampMs: number): Promise<bigint | undefined>;

  /** Every partition that stages take from, deleted topics included, by topic (byte order) and partition. */
  stagePartitions(): Promise<readonly StagePartition[]>;

  /** Stores the next offset to take. May go back; null forgets it. */
  commit(group: string, topic: string, partition: number, next: bigint | null): Promise<void>;
  committed(group: string, topic: string, partition: number): Promise<bigint | undefined>;
  /**
   * The groups that retention and deletion wait for. A stage claims the topics it takes; until it has committed past
   * them, their records stay. Called at each start, before the log removes anything.
   */
  holdFor(group: string, takes: (topic: string) => boolean): void;

  /** Undefined where somebody else removes what is old. */
  retention(): RetentionStatus | undefined;

  /**
   * Resolves after the next append, made since this call, to any of the topics (all when none is named); rejects when
   * the signal aborts. Call it first, then read, then await it: so no append is missed.
   */
  waitForAppend(signal: AbortSignal, topics?: readonly string[]): Promise<void>;

  close(): Promise<void>;
}
