import type { Clock } from "../clock.ts";
import { type ErrorCode, isPinlakeError, type PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { backoffMs } from "../retry.ts";
import { nameSystemError } from "../storage-error.ts";
import type { Feed } from "./feed.ts";
import type { TableWriter } from "./table-writer.ts";
import { commitIn, type TriggerLimits } from "./trigger.ts";
import type { Upkeep } from "./upkeep.ts";

export interface DatasetStreamOptions {
  readonly name: string;
  readonly log: EventLog;
  readonly feed: Feed;
  readonly writer: TableWriter;
  readonly upkeep: Upkeep;
  readonly limits: TriggerLimits;
  readonly clock: Clock;
  /** Called after each commit, and whenever everything there is has been decided. */
  readonly onProgress: () => void;
}

/** One dataset's way from the log into its table. */
export interface DatasetStream {
  readonly name: string;
  readonly feed: Feed;
  readonly writer: TableWriter;
  /**
   * Until the signal aborts; then it ends between two micro-batches. What fails is tried again, with the table loaded
   * anew. Rejects when that cannot help: see `isFinal`.
   */
  run(signal: AbortSignal): Promise<void>;
  /** What hinders it at the moment, if anything does. */
  failure(): Error | undefined;
  /** The same, once it has hindered several attempts in a row and is nothing that passes by itself, as a full disk is. */
  lastingFailure(): Error | undefined;
  commits(): number;
  /** Commits what waits without waiting for more, for as long as somebody wants it. */
  hurry(): Disposable;
  /** Resolves between two micro-batches, whether it runs or not; the table is left alone until it is disposed of. */
  hold(): Promise<Disposable>;
}

/** New streams are looked for this often; records of known ones wake at once. */
const LOOK_FOR_STREAMS_MS = 500;
/** While records wait for the trigger, more of them are counted at most this often. */
const LOOK_FOR_RECORDS_MS = 5;
/** After so many attempts that failed, whoever waits for the table is told. */
const LASTING = 3;
const RETRIES = { attempts: Number.POSITIVE_INFINITY, firstDelayMs: 50, maxDelayMs: 10_000 };

export function datasetStream(options: DatasetStreamOptions): DatasetStream {
  const { name, log, feed, writer, upkeep, limits, clock, onProgress } = options;
  let wake: AbortController | undefined;
  let [hurrying, commits, failed] = [0, 0, 0];
  let failure: PinlakeError | undefined;
  /** Who has the table to himself waits for the one before. */
  let turn: Promise<void> = Promise.resolve();
  let tidying: Promise<void> | undefined;
  /** What the upkeep failed with, until the stream has told. */
  let untidy: unknown;

  async function takeTurn(): Promise<Disposable> {
    const before = turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    turn = promise;
    await before;
    return { [Symbol.dispose]: resolve };
  }

  async function begin(): Promise<void> {
    using _turn = await takeTurn();
    feed.restart((await writer.load()).snapshot);
  }

  /** Until records come, `ms` have passed, or somebody hurries or stops it. */
  async function pause(appended: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    const slept = clock.sleep(ms, signal);
    slept.catch(() => {});
    await Promise.race([appended, slept]).catch(() => {});
  }

  /** One look at the log; commits when it is time, else waits for what may change that. */
  async function step(since: number | undefined, signal: AbortSignal): Promise<number | undefined> {
    const waking = new AbortController();
    wake = waking;
    if (signal.aborted) return undefined;
    const topics = feed.topics();
    const appended = topics.length === 0 ? new Promise<void>(() => {}) : log.waitForAppend(waking.signal, topics);
    appended.catch(() => {});
    try {
      await feed.fill();
      const { records, backlog } = feed.waiting();
      const nowMs = clock.monotonic();
      const sinceMs = records === 0 ? nowMs : (since ?? nowMs);
      const urgent = hurrying > 0;
      const inMs = feed.markDue() ? 0 : commitIn({ records, backlog, sinceMs, urgent }, limits, nowMs);
      onProgress();
      if (inMs === 0) {
        await commit(signal);
        return nowMs;
      }
      if (inMs === undefined && backlog) return undefined;
      // A topic that was just found: nobody listens yet for what is appended to it.
      if (inMs === undefined && feed.topics().some((topic) => !topics.includes(topic))) return undefined;
      if (inMs === undefined) {
        await pause(appended, LOOK_FOR_STREAMS_MS, waking.signal);
        return undefined;
      }
      await pause(appended, inMs, waking.signal);
      const leftMs = sinceMs + limits.triggerMs - clock.monotonic();
      if (leftMs > 0) await clock.sleep(Math.min(leftMs, LOOK_FOR_RECORDS_MS), waking.signal).catch(() => {});
      return sinceMs;
    } finally {
      waking.abort();
    }
  }

  async function commit(signal: AbortSignal): Promise<void> {
    throwUntidy();
    using _turn = await takeTurn();
    if (writer.state() === undefined) {
      // Somebody else has committed since: what was read may not be what the table wants next.
      feed.restart((await writer.load()).snapshot);
      await feed.fill();
      if (feed.waiting().records === 0 && !feed.markDue()) return;
    }
    await writer.write(feed.cut());
    feed.settle();
    commits++;
    failure = undefined;
    onProgress();
    tidying ??= tidy(signal);
  }

  /** Beside the micro-batches, which would wait long for it; what it fails with hinders the next one. */
  async function tidy(signal: AbortSignal): Promise<void> {
    try {
      await upkeep(writer, { takeTurn, signal });
    } catch (error) {
      if (!signal.aborted) untidy = error;
    } finally {
      tidying = undefined;
    }
  }

  function throwUntidy(): void {
    const error = untidy;
    untidy = undefined;
    if (error !== undefined) throw error;
  }

  return {
    name,
    feed,
    writer,
    async run(signal) {
      const stop = () => wake?.abort();
      signal.addEventListener("abort", stop);
      try {
        failed = 0;
        while (!signal.aborted) {
          try {
            await begin();
            let since: number | undefined;
            while (!signal.aborted) {
              const before = commits;
              since = await step(since, signal);
              const idle = since === undefined && feed.waiting().records === 0;
              if (commits > before || idle) [failed, failure] = [0, undefined];
            }
          } catch (thrown) {
            const error = nameSystemError(thrown);
            if (!isPinlakeError(error) || isFinal(error)) throw error;
            failure = error;
            failed++;
            onProgress();
            await clock.sleep(backoffMs(RETRIES, failed), signal).catch(() => {});
          }
        }
      } finally {
        signal.removeEventListener("abort", stop);
        await tidying;
      }
    },
    failure: () => failure,
    lastingFailure: () => (failed >= LASTING && failure?.retry === "never" ? failure : undefined),
    commits: () => commits,
    hurry() {
      hurrying++;
      wake?.abort();
      return { [Symbol.dispose]: () => void hurrying-- };
    },
    async hold() {
      let held = await takeTurn();
      while (tidying !== undefined) {
        // It may want the turn itself.
        held[Symbol.dispose]();
        await tidying;
        held = await takeTurn();
      }
      return {
        [Symbol.dispose]() {
          writer.forget();
          held[Symbol.dispose]();
        },
      };
    },
  };
}

const FINAL: readonly ErrorCode[] = ["DEFINITION_CHANGED", "REBUILD_UNFINISHED", "LOG_BEHIND", "LOG_TRIMMED"];

/** Whether somebody has to do something before another attempt can help. */
const isFinal = ({ code }: PinlakeError): boolean => FINAL.includes(code);
