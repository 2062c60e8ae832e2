import type { Clock } from "../clock.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamOf } from "../log/names.ts";
import type { Feed, FeedProgress } from "./feed.ts";

export interface LogProgressOptions {
  readonly log: EventLog;
  readonly group: string;
  readonly feeds: readonly Feed[];
  readonly clock: Clock;
  /** Done at each turn as well. */
  readonly also: () => Promise<void>;
}

/** Tells the log what every table has taken, so that it may let go of it. The tables, not this, are the truth. */
export interface LogProgress {
  run(signal: AbortSignal): Promise<void>;
  now(): Promise<void>;
}

const EVERY_MS = 1000;

export function rememberProgress({ log, group, feeds, clock, also }: LogProgressOptions): LogProgress {
  const told = new Map<string, bigint>();

  async function now(): Promise<void> {
    for (const { topic, partition, next } of takenByAll(feeds)) {
      const shard = `${partition}/${topic}`;
      if (told.get(shard) === next) continue;
      await log.commit(group, topic, partition, next);
      told.set(shard, next);
    }
    await also();
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

/** Per partition the lowest offset that some table still wants; none while a table that takes from it is not known. */
export function takenByAll(feeds: readonly Pick<Feed, "progress" | "claims">[]) {
  const progress = feeds.flatMap((feed) => feed.progress());
  return [...Map.groupBy(progress, ({ topic, partition }) => `${partition}/${topic}`).values()].flatMap((known) => {
    const { topic, partition } = known[0] as FeedProgress;
    const claiming = feeds.filter((feed) => feed.claims(streamOf(topic) ?? topic)).length;
    if (known.length < claiming) return [];
    const [next = 0n] = known.map(({ remembered }) => remembered).sort((a, b) => Number(a - b));
    return [{ topic, partition, next }];
  });
}
