import type { Clock } from "../clock.ts";
import { isPinlakeError, PinlakeError } from "../errors.ts";
import type { HeldRecords, RetentionStatus } from "./event-log.ts";
import type { Holds } from "./holds.ts";
import type { RecordStorage, RetentionLimits, TopicEntry } from "./record-storage.ts";
import { limitsOf, newStart } from "./retention.ts";
import type { WriteQueue } from "./write-queue.ts";

export interface RetentionTurnsOptions {
  readonly clock: Clock;
  readonly limits: RetentionLimits;
  readonly topics: ReadonlyMap<string, TopicEntry>;
  readonly topicById: ReadonlyMap<number, TopicEntry>;
  readonly storage: RecordStorage;
  readonly queue: Pick<WriteQueue, "exclusive">;
  readonly held: Holds;
}

/** Removes what retention and deletion allow, turn by turn. */
export interface RetentionTurns {
  /** One turn, after those that were asked for before. */
  now(): Promise<void>;
  /** A turn every so often, until the signal aborts; resolves when the last has ended. */
  run(everyMs: number, signal: AbortSignal): Promise<void>;
  status(): RetentionStatus;
}

export function retentionTurns(options: RetentionTurnsOptions): RetentionTurns {
  const { clock, limits, topics, topicById, storage, queue, held } = options;
  let status: RetentionStatus = { removedBytes: 0, held: [] };
  let last: Promise<void> = Promise.resolve();

  /** First the new starts are stored, then what lies below them goes: killed in between, the next turn finds it. */
  async function turn(): Promise<void> {
    const nowMs = clock.now();
    const retentionMs = (id: number) => {
      const entry = topicById.get(id);
      return entry === undefined ? -1 : limitsOf(entry, limits).retentionMs;
    };
    let waiting: readonly HeldRecords[] = [];
    await queue.exclusive(async () => {
      // A disk too full for a new segment may still let old ones go.
      await storage.sealPast(retentionMs, nowMs).catch(() => {});
      waiting = await moveStarts(nowMs);
    });
    const removedBytes = await storage.removeBelowStarts(
      (id, partition) => topicById.get(id)?.logs[partition]?.start ?? 0,
    );
    status = { lastTurnAtMs: nowMs, removedBytes: status.removedBytes + removedBytes, held: waiting };
  }

  async function moveStarts(nowMs: number): Promise<readonly HeldRecords[]> {
    const moved: { readonly entry: TopicEntry; readonly to: readonly number[] }[] = [];
    const waiting: HeldRecords[] = [];
    for (const entry of topics.values()) {
      const to = entry.logs.map((log, partition) => {
        const expired = storage.expired(log, limitsOf(entry, limits), nowMs);
        const hold = held.lowest(log.topic, partition);
        const start = newStart(entry, partition, expired, hold?.from ?? Number.POSITIVE_INFINITY);
        const records = newStart(entry, partition, expired, Number.POSITIVE_INFINITY) - start;
        if (hold !== undefined && records > 0)
          waiting.push({ topic: log.topic, partition, group: hold.group, from: BigInt(start), records });
        return start;
      });
      if (entry.logs.some((log, i) => to[i]! > log.start)) moved.push({ entry, to });
    }
    if (moved.length > 0) {
      const next = moved.map(({ entry, to }) => ({
        state: entry.state,
        logs: entry.logs.map((log, i) => ({ ...log, start: to[i]! })),
      }));
      try {
        await storage.saveTopics(next);
      } catch (error) {
        if (!isPinlakeError(error, "STORAGE_FULL")) throw error;
        await storage.makeRoom();
        await storage.saveTopics(next);
      }
      for (const { entry, to } of moved) for (const [i, log] of entry.logs.entries()) log.start = to[i]!;
    }
    return waiting;
  }

  async function noted(): Promise<void> {
    try {
      await turn();
    } catch (error) {
      const failure = error instanceof Error ? error : new PinlakeError("INTERNAL", { reason: String(error) });
      status = { ...status, lastTurnAtMs: clock.now(), failure };
      throw error;
    }
  }

  const now = (): Promise<void> => {
    const mine = last.then(noted);
    last = mine.catch(() => {});
    return mine;
  };

  return {
    now,
    async run(everyMs, signal) {
      while (!signal.aborted) {
        await clock.sleep(everyMs, signal).catch(() => {});
        if (!signal.aborted) await now().catch(() => {}); // the status tells; tried again at the next turn
      }
      await last;
    },
    status: () => status,
  };
}
