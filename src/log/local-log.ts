import type { Clock } from "../clock.ts";
import { PinlakeError } from "../errors.ts";
import { type AppendCall, finishIfDone, unitsOf } from "./append-call.ts";
import { appendSignals } from "./append-signals.ts";
import type { AppendOutcome, EventLog, EventLogSupports, LogBatch, ReadOptions, StagePartition } from "./event-log.ts";
import { holds } from "./holds.ts";
import {
  type GroupOffsets,
  type PartitionLog,
  partitionLog,
  type RecordStorage,
  type RetentionLimits,
  type TopicEntry,
} from "./record-storage.ts";
import { leftUpTo } from "./retention.ts";
import { retentionTurns } from "./retention-turns.ts";
import { created, deleted, describe, type TopicState, withClosed, withPartition } from "./topic-state.ts";
import { logClosed, writeQueue } from "./write-queue.ts";

export interface LocalLogOptions extends RetentionLimits {
  readonly clock: Clock;
  readonly supports: EventLogSupports;
  readonly storage: RecordStorage;
  readonly offsets: GroupOffsets;
  /** What the storage remembers, by name. The log keeps this map up to date. */
  readonly topics: Map<string, TopicEntry>;
  readonly maxRecordBytes: number;
  /** One write to the storage holds about this much at most. */
  readonly maxWriteBytes: number;
  /** undefined: nothing is removed unless somebody asks for it. */
  readonly retentionCheckMs: number | undefined;
}

/** A log of this process's own; what others keep (Kafka, Kinesis) is removed by them. */
export interface LocalLog extends EventLog {
  /** Removes now what retention and deletion allow; else it happens every `retentionCheckMs`. */
  removeExpired(): Promise<void>;
}

/** The part of an in-process log that does not depend on where records are kept: topics, offsets, group commit, waiting. */
export function localLog(options: LocalLogOptions): LocalLog {
  const { clock, storage, offsets, topics } = options;
  const byId = new Map([...topics.values()].map((entry) => [entry.state.id, entry]));
  const partitionSignals = appendSignals<PartitionLog>();
  const topicSignals = appendSignals<string>();
  const held = holds((group, topic, partition) => offsets.committed(group, topic, partition));
  const closing = new AbortController();
  let nextKeyless = 0;
  let closed: Promise<void> | undefined;

  const queue = writeQueue({
    storage,
    maxWriteBytes: options.maxWriteBytes,
    now: clock.now,
    stored(blocks) {
      for (const { log } of blocks) {
        partitionSignals.fire(log);
        topicSignals.fire(log.topic);
      }
    },
  });
  const retention = retentionTurns({ clock, limits: options, topics, topicById: byId, storage, queue, held });
  const { retentionCheckMs } = options;
  const removing = retentionCheckMs === undefined ? undefined : retention.run(retentionCheckMs, closing.signal);

  function live(topic: string): TopicEntry {
    const entry = topics.get(topic);
    if (closed !== undefined) throw logClosed();
    if (entry === undefined || entry.state.deleted) throw new PinlakeError("TOPIC_NOT_FOUND", { topic });
    return entry;
  }

  /** Stores a topic's next state, then makes it the present one. */
  function change(topic: string, next: (entry: TopicEntry | undefined) => TopicState): Promise<TopicState> {
    return queue.exclusive(async () => {
      const before = topics.get(topic);
      const state = next(before);
      const logs = [...(before?.logs ?? [])];
      while (logs.length < state.partitions.length) logs.push(partitionLog(state.id, topic, logs.length));
      await storage.saveTopics([{ state, logs }]);
      if (before === undefined) {
        const entry = { state, logs };
        topics.set(topic, entry);
        byId.set(state.id, entry);
      } else {
        before.logs.push(...logs.slice(before.logs.length));
        before.state = state;
        for (const log of before.logs) partitionSignals.fire(log);
      }
      return state;
    });
  }

  const mustExist = (topic: string, entry: TopicEntry | undefined): TopicEntry => {
    if (entry === undefined || entry.state.deleted) throw new PinlakeError("TOPIC_NOT_FOUND", { topic });
    return entry;
  };
  const ends = (entry: TopicEntry | undefined) => entry?.logs.map((log) => log.end) ?? [];

  function locate(topic: string, partition: number, includeDeleted: boolean): { log: PartitionLog; start: number } {
    if (closed !== undefined) throw logClosed();
    const entry = includeDeleted ? topics.get(topic) : live(topic);
    if (entry === undefined) throw new PinlakeError("TOPIC_NOT_FOUND", { topic });
    const count = includeDeleted ? entry.logs.length : entry.state.partitions.length;
    const log = partition < count ? entry.logs[partition] : undefined;
    if (log === undefined) throw new PinlakeError("PARTITION_NOT_FOUND", { topic, partition, partitions: count });
    return { log, start: includeDeleted ? log.start : Math.max(log.start, entry.state.firstOffsets[partition]!) };
  }

  function keyless(entry: TopicEntry): number {
    const open = entry.state.partitions.filter((p) => !p.closed);
    nextKeyless = (nextKeyless + 1) % 0x40000000;
    return open[nextKeyless % Math.max(1, open.length)]?.partition ?? 0;
  }

  async function read(topic: string, partition: number, from: bigint, options: ReadOptions = {}): Promise<LogBatch> {
    const { maxRecords = 10_000, maxBytes = 8 * 1024 * 1024, waitMs = 0, signal, includeDeleted = false } = options;
    const untilMs = waitMs > 0 ? clock.monotonic() + waitMs : 0;
    for (;;) {
      signal?.throwIfAborted();
      const { log, start } = locate(topic, partition, includeDeleted);
      if (from < start || from > log.end)
        throw new PinlakeError("OFFSET_OUT_OF_RANGE", {
          topic,
          partition,
          offset: from,
          start: BigInt(start),
          end: BigInt(log.end),
        });
      if (from < log.end) {
        try {
          const records = await storage.read(log, Number(from), { maxRecords: Math.max(1, maxRecords), maxBytes });
          return { records, next: records.at(-1)!.offset + 1n };
        } catch (error) {
          if (from >= log.start) throw error; // else retention went past it meanwhile
          continue;
        }
      }
      const leftMs = untilMs - clock.monotonic();
      if (waitMs <= 0 || leftMs <= 0) return { records: [], next: from };
      await waitForRecords(log, leftMs, signal);
    }
  }

  async function waitForRecords(log: PartitionLog, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const done = new AbortController();
    const either = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    const timeout = clock.sleep(ms, either);
    timeout.catch(() => {});
    try {
      await Promise.race([partitionSignals.next([log], either), timeout]);
    } finally {
      done.abort();
    }
  }

  async function offsetForTime(topic: string, partition: number, timestampMs: number): Promise<bigint | undefined> {
    for (;;) {
      const { log, start } = locate(topic, partition, false);
      if (start >= log.end) return undefined;
      const startBefore = log.start;
      try {
        const offset = await storage.offsetForTime(log, start, timestampMs);
        return offset === undefined ? undefined : BigInt(offset);
      } catch (error) {
        if (log.start === startBefore) throw error; // else retention went past it meanwhile
      }
    }
  }

  const close = (): Promise<void> => {
    closed ??= (async () => {
      closing.abort();
      await queue.close();
      await removing;
      partitionSignals.fail(logClosed());
      topicSignals.fail(logClosed());
      offsets[Symbol.dispose]();
      await storage[Symbol.asyncDispose]();
    })();
    return closed;
  };

  return {
    supports: options.supports,
    async createTopic(topic, settings = {}) {
      return describe(
        await change(topic, (entry) =>
          created(entry?.state, topic, settings, {
            id: entry?.state.id ?? byId.size,
            nowMs: clock.now(),
            ends: ends(entry),
          }),
        ),
      );
    },
    describeTopic: async (topic) => describe(live(topic).state),
    async listTopics() {
      return [...topics.values()]
        .filter(({ state }) => !state.deleted)
        .map(({ state }) => describe(state))
        .sort((a, b) => (a.topic < b.topic ? -1 : 1));
    },
    async deleteTopic(topic) {
      await change(topic, (entry) => deleted(mustExist(topic, entry).state));
    },
    async addPartition(topic, { parents = [], hashRange } = {}) {
      const state = await change(topic, (entry) => {
        const known = mustExist(topic, entry);
        return withPartition(known.state, parents, hashRange, { nowMs: clock.now(), ends: ends(known) });
      });
      return state.partitions.at(-1)!;
    },
    async closePartition(topic, partition) {
      await change(topic, (entry) => withClosed(mustExist(topic, entry).state, partition));
    },
    append(topic, records) {
      return new Promise<AppendOutcome[]>((resolve, reject) => {
        const entry = live(topic);
        const call: AppendCall = {
          outcomes: new Array(records.length),
          unitsLeft: 0,
          anyStored: false,
          firstError: undefined,
          resolve,
          reject,
        };
        const limits = { maxRecordBytes: options.maxRecordBytes, maxUnitBytes: options.maxWriteBytes };
        const units = unitsOf(call, entry, records, limits, () => keyless(entry));
        if (units.length === 0) finishIfDone(call);
        else queue.append(units);
      });
    },
    read,
    async bounds(topic, partition) {
      const { log, start } = locate(topic, partition, false);
      return { start: BigInt(start), end: BigInt(log.end) };
    },
    offsetForTime,
    async stagePartitions() {
      return [...topics.values()]
        .sort((a, b) => (a.state.topic < b.state.topic ? -1 : 1))
        .flatMap((entry) =>
          entry.logs.map(
            (log): StagePartition => ({
              topic: log.topic,
              partition: log.partition,
              deleted: entry.state.deleted || log.partition >= entry.state.partitions.length,
              start: BigInt(log.start),
              end: BigInt(log.end),
            }),
          ),
        );
    },
    async commit(group, topic, partition, next) {
      if (closed !== undefined) throw logClosed();
      await offsets.commit(group, topic, partition, next);
      const entry = topics.get(topic);
      if (!held.has(group) || entry?.logs[partition] === undefined) return;
      // What a deleted topic left goes when the last group has taken it, not at the next regular turn.
      const left = leftUpTo(entry, partition);
      if (left > entry.logs[partition].start && held.heldFrom(topic, partition) >= left)
        await retention.now().catch(() => {}); // tried again at the next turn
    },
    committed: async (group, topic, partition) => offsets.committed(group, topic, partition),
    holdFor: (group, takes) => held.add(group, takes),
    retention: retention.status,
    waitForAppend: (signal, names) =>
      closed === undefined ? topicSignals.next(names, signal) : Promise.reject(logClosed()),
    removeExpired: retention.now,
    close,
    [Symbol.asyncDispose]: close,
  };
}
