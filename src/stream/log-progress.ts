import type { Clock } from "../clock.ts";
import type { EventLog } from "../log/event-log.ts";
import type { Feed } from "./feed.ts";

export interface LogProgressOptions {
  readonly log: EventLog;
  readonly group: string;
  readonly feeds: readonly Feed[];
  readonly clock: Clock;
}

/** Tells the log what every table has taken, so that it may let go of it. The tables, not this, are the truth. */
export interface LogProgress {
  run(signal: AbortSignal): Promise<void>;
  now(): Promise<void>;
}

const EVERY_MS = 1000;

export function rememberProgress({ log, group, feeds, clock }: LogProgressOptions): LogProgress {
  const told = new Map<string, bigint>();

  async function now(): Promise<void> {
    for (const { topic, partition, next } of takenByAll(feeds)) {
      const shard = `${partition}/${topic}`;
      if (told.get(shard) === next) continue;
      await log.commit(group, topic, partition, next);
      told.set(shard, next);
    }
  }

  return {
    now,
    async run(signal) {
      while (!signal.aborted) {
        await now().catch(() => {}); // tried again in a second; until then the log merely keeps more
        await clock.sleep(EVERY_MS, signal).catch(() => {});
      }
    },
  };
}

/** Per partition the lowest offset that some table still wants. */
export function takenByAll(feeds: readonly Pick<Feed, "progress">[]) {
  const lowest = new Map<string, { topic: string; partition: number; next: bigint }>();
  for (const { topic, partition, remembered } of feeds.flatMap((feed) => feed.progress())) {
    const shard = `${partition}/${topic}`;
    const other = lowest.get(shard);
    if (other === undefined || remembered < other.next) lowest.set(shard, { topic, partition, next: remembered });
  }
  return [...lowest.values()];
}
