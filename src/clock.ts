import { setTimeout as delay } from "node:timers/promises";

/** Time, as a port: tests drive every timer by handing in a clock of their own. */
export interface Clock {
  /** Milliseconds since the epoch. May jump either way; never measure durations with it. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back: for ages and timeouts. */
  monotonic(): number;
  /** Resolves after `ms`, at once when that is not positive, however long it is; or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A longer timer of Node's fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    const options = signal === undefined ? {} : { signal };
    for (let leftMs = Math.max(0, ms); ; leftMs -= LONGEST_TIMER_MS) {
      await delay(Math.min(leftMs, LONGEST_TIMER_MS), undefined, options);
      if (leftMs <= LONGEST_TIMER_MS) return;
    }
  },
};

/** A clock that stands still until `advance` is called; sleepers wake in order of their time. */
export interface ManualClock extends Clock {
  /** Moves both readings forward and wakes who is due. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock alone, as an operator or NTP would. */
  jumpTo(epochMs: number): void;
}

export function manualClock(startMs = 0): ManualClock {
  let wallMs = startMs;
  let steadyMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    now: () => wallMs,
    monotonic: () => steadyMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper = {
          atMs: steadyMs + ms,
          wake: () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(ms) {
      const untilMs = steadyMs + ms;
      for (;;) {
        const due = [...sleepers].filter((s) => s.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        const toMs = due?.atMs ?? untilMs;
        wallMs += Math.max(0, toMs - steadyMs);
        steadyMs = Math.max(steadyMs, toMs);
        if (due === undefined) return;
        sleepers.delete(due);
        due.wake();
        await delay(0);
      }
    },
    jumpTo(epochMs) {
      wallMs = epochMs;
    },
  };
}
