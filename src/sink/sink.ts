import { type Clock, systemClock } from "../clock.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog, StagePartition } from "../log/event-log.ts";
import { isInternalTopic, streamOf } from "../log/names.ts";
import { backoffMs } from "../retry.ts";
import type { Compression } from "../store/compression.ts";
import type { ObjectPartition } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { bodyBuffers } from "./body-buffers.ts";
import { type PartitionSink, partitionSink, SINK_GROUP } from "./partition-sink.ts";
import { dueAtMs, type RotationLimits } from "./rotation.ts";
import { turns } from "./turns.ts";

export { SINK_GROUP } from "./partition-sink.ts";

export interface SinkOptions {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly limits: RotationLimits;
  readonly clock?: Clock;
  /** How objects of lines are packed; what is there already is taken over however it is. Default: not at all. */
  readonly compression?: Compression | "none";
  /** Memory for the bytes of open files, all together; those beyond it are read again when they are written. */
  readonly bufferBytes?: number;
  /** How long to let appends gather before they are looked at. */
  readonly lingerMs?: number;
}

export interface SinkPartitionStatus {
  readonly kind: ObjectPartition["kind"];
  readonly name: string;
  readonly partition: number;
  /** All below it lies in objects. */
  readonly committed: bigint;
  /** The log's end when it was last looked at. */
  readonly end: bigint;
  readonly open: { readonly records: number; readonly bytes: number } | undefined;
  /** By this process. */
  readonly objectsWritten: number;
  /** What stopped this partition; it is tried again at times unless a retry cannot help. */
  readonly error: Error | undefined;
}

export interface SinkStatus {
  readonly partitions: readonly SinkPartitionStatus[];
}

/**
 * Takes every partition of every topic and stream from the log into objects: each offset stands in exactly one object,
 * and no object ever changes, whenever the process is killed. Progress is the objects themselves and the offset that
 * the group SINK_GROUP has committed.
 */
export interface Sink {
  /** Takes over what the store holds. Throws LOG_BEHIND and OBJECT_CONFLICT when that does not fit the log. */
  prepare(): Promise<void>;
  /** Works until the signal aborts; then open files stay open: they are begun again from the log at the next start. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when every record acknowledged before the call lies in a visible, synced object and the offset is
   * committed; rejects with what kept a partition from it. Needs no `run`.
   */
  flush(options?: { readonly signal?: AbortSignal }): Promise<void>;
  status(): SinkStatus;
}

interface Lane {
  readonly sink: PartitionSink;
  readonly of: ObjectPartition;
  /** One step at a time. */
  readonly inTurn: ReturnType<typeof turns>;
  seen: StagePartition;
  /** Of the bytes held by all; as this lane last told. */
  held: number;
  busy: boolean;
  failure: { readonly error: Error; readonly count: number; readonly retryAtMs: number } | undefined;
}

const PARTITIONS_AT_ONCE = 4;
/** Threads that pack are missing where the log syncs: half of those that Node has for both. */
const PACKED_AT_ONCE = 2;
/** Timers do not reach further than 24 days; looking at the log more often than needed costs little. */
const LONGEST_WAIT_MS = 3600 * 1000;
const RETRY = { attempts: Number.POSITIVE_INFINITY, firstDelayMs: 200, maxDelayMs: 10_000 };

/** Whether a failure is worth another attempt: a full disk, for one. */
const mayPass = (error: unknown): boolean => error instanceof PinlakeError && error.retry === "backoff";

export function createSink(options: SinkOptions): Sink {
  const { log, store, limits, clock = systemClock, bufferBytes = 64 * 1024 * 1024, lingerMs = 100 } = options;
  const lanes = new Map<string, Lane>();
  const inTurn = turns(PARTITIONS_AT_ONCE);
  const buffers = bodyBuffers();
  const { compression = "none" } = options;
  const packing = compression === "none" ? undefined : { compression, inTurn: turns(PACKED_AT_ONCE) };

  log.holdFor(SINK_GROUP, (topic) => placeOf(topic, 0) !== undefined);

  let heldBytes = 0;
  /** Counts what a lane holds now; there may be thousands of them, so the sum is kept. */
  function recount(lane: Lane): void {
    const held = lane.sink.heldBytes();
    heldBytes += held - lane.held;
    lane.held = held;
  }

  /** Looks at the log: lanes for its partitions, each with where it ends now. */
  async function look(): Promise<Lane[]> {
    const found: Lane[] = [];
    for (const seen of await log.stagePartitions()) {
      const { topic, partition } = seen;
      const of = placeOf(topic, partition);
      if (of === undefined) continue;
      const id = `${topic}/${partition}`;
      const lane = lanes.get(id) ?? newLane(of, seen);
      lane.seen = seen;
      lanes.set(id, lane);
      found.push(lane);
    }
    return found;
  }

  function newLane(of: ObjectPartition, seen: StagePartition): Lane {
    const mayHold = () => {
      recount(lane);
      return heldBytes <= bufferBytes;
    };
    const { topic } = seen;
    const sink = partitionSink({ log, store, clock, limits, topic, of, buffers, packing, mayHold });
    const lane: Lane = { sink, of, inTurn: turns(1), seen, held: 0, busy: false, failure: undefined };
    return lane;
  }

  /** Works on a lane when it is its turn. A failure is kept with it, and thrown. */
  function guarded(lane: Lane, work: () => Promise<void>): Promise<void> {
    return lane.inTurn(() =>
      inTurn(async () => {
        try {
          await work();
          lane.failure = undefined;
        } catch (error) {
          const count = (lane.failure?.count ?? 0) + 1;
          const retryAtMs = mayPass(error) ? clock.monotonic() + backoffMs(RETRY, count) : Number.POSITIVE_INFINITY;
          lane.failure = { error: error instanceof Error ? error : new Error(String(error)), count, retryAtMs };
          throw error;
        } finally {
          recount(lane);
        }
      }),
    );
  }

  /** Takes a lane as far as it was seen to reach. */
  function advance(lane: Lane, request: { readonly cut: boolean; readonly signal?: AbortSignal }): Promise<void> {
    const { seen } = lane;
    return guarded(lane, async () => {
      await lane.sink.prepare(seen);
      await lane.sink.step({ until: seen.end, ...request });
    });
  }

  /** When a lane has something to do: now, at a later time, or only when it is seen to have grown (infinity). */
  function workAtMs({ failure, sink, seen }: Lane): number {
    if (failure !== undefined) return failure.retryAtMs;
    if (sink.next < seen.end || (sink.open === undefined && sink.committed < sink.next)) return 0;
    if (sink.open === undefined) return Number.POSITIVE_INFINITY;
    return seen.deleted ? 0 : dueAtMs(sink.open, limits);
  }

  async function run(signal: AbortSignal): Promise<void> {
    const working = new Set<Promise<void>>();
    let changed = Promise.withResolvers<void>();
    let wakeAtMs = Number.POSITIVE_INFINITY;
    let bug: unknown;

    const start = (lane: Lane) => {
      lane.busy = true;
      const work = advance(lane, { cut: lane.seen.deleted, signal })
        .catch((error: unknown) => {
          // A failure of ours is kept with its lane and the others go on; anything else is a bug and ends the run.
          if (!(error instanceof PinlakeError)) bug = error;
        })
        .finally(() => {
          lane.busy = false;
          working.delete(work);
          // Looking at thousands of lanes because one is done would cost more than what they do.
          if (workAtMs(lane) < wakeAtMs || bug !== undefined) changed.resolve();
        });
      working.add(work);
    };

    /** Starts what has something to do; when the next lane will have. */
    const startWork = async (): Promise<number> => {
      let nextMs = Number.POSITIVE_INFINITY;
      for (const lane of await look()) {
        if (lane.busy) continue;
        const atMs = workAtMs(lane);
        if (atMs <= clock.monotonic()) start(lane);
        else nextMs = Math.min(nextMs, atMs);
      }
      return nextMs;
    };

    try {
      await prepare();
      while (!signal.aborted && bug === undefined) {
        const pause = new AbortController();
        const stop = () => pause.abort(signal.reason);
        signal.addEventListener("abort", stop, { once: true });
        changed = Promise.withResolvers<void>();
        wakeAtMs = Number.POSITIVE_INFINITY;
        const appended = log.waitForAppend(pause.signal).then(() => clock.sleep(lingerMs, pause.signal));
        appended.catch(() => {});
        try {
          wakeAtMs = Math.min(await startWork(), clock.monotonic() + LONGEST_WAIT_MS);
          await Promise.race([appended, changed.promise, clock.sleep(wakeAtMs - clock.monotonic(), pause.signal)]);
        } finally {
          signal.removeEventListener("abort", stop);
          pause.abort();
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await Promise.all(working);
    }
    if (bug !== undefined) throw bug;
  }

  async function prepare(): Promise<void> {
    const found = await look();
    const preparing = found.map((lane) => guarded(lane, () => lane.sink.prepare(lane.seen)));
    for (const outcome of await Promise.allSettled(preparing))
      if (outcome.status === "rejected" && !mayPass(outcome.reason)) throw outcome.reason;
  }

  return {
    prepare,
    run,
    async flush({ signal } = {}) {
      const found = await look();
      const request = { cut: true, ...(signal !== undefined && { signal }) };
      const outcomes = await Promise.allSettled(found.map((lane) => advance(lane, request)));
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      signal?.throwIfAborted();
    },
    status: () => ({
      partitions: [...lanes.values()].map(({ sink, of, seen, failure }) => ({
        ...of,
        committed: sink.committed,
        end: seen.end,
        open: sink.open && { records: sink.open.records, bytes: sink.open.bytes },
        objectsWritten: sink.objectsWritten,
        error: failure?.error,
      })),
    }),
  };
}

/** Where a topic of the log lands; undefined for internal topics that are no streams. */
export function placeOf(topic: string, partition: number): ObjectPartition | undefined {
  const stream = streamOf(topic);
  if (stream !== undefined) return { kind: "stream", name: stream, partition };
  return isInternalTopic(topic) ? undefined : { kind: "topic", name: topic, partition };
}
