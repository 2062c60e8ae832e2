import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamOf } from "../log/names.ts";
import { cleanTablePrefix } from "../quarantine/clean-table.ts";
import { openQuarantine } from "../quarantine/quarantine.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Table } from "../table/table.ts";
import { type DatasetStream, datasetStream } from "./dataset-stream.ts";
import { openFeed } from "./feed.ts";
import { rememberProgress } from "./log-progress.ts";
import { type RebuildReport, rebuildDataset } from "./rebuild.ts";
import { claimOn, isRouted } from "./routing.ts";
import { type StreamStatus, statusOf } from "./status.ts";
import { openTableWriter } from "./table-writer.ts";
import { unroutedRecords } from "./unrouted.ts";
import { type DueWork, dueWork, upkeep } from "./upkeep.ts";

/** The consumer group under which the log knows how far all stream tables have come. */
export const STREAM_GROUP = "pinlake.stream";

export interface StreamArmOptions {
  readonly log: EventLog;
  /** The objects, from which tables are rebuilt. */
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly openTable: (prefix: string, options?: { readonly later: DueWork["add"] }) => Table;
  readonly datasets: readonly Dataset[];
  readonly config: StreamConfig;
  /** For files between the stages. */
  readonly tempFolder: string;
  readonly clock: Clock;
}

export interface StreamConfig {
  readonly maxRecords: number;
  readonly triggerMs: number;
  readonly historyHours: number;
}

/**
 * Streams to clean tables (`stream/<dataset>`), micro-batch by micro-batch.
 *
 * - Each record is taken exactly once, also across kill -9: the commit that holds the rows says how far it goes.
 * - Every committed version of a table has one row per key.
 * - Nothing is committed while nothing comes.
 */
export interface StreamArm extends AsyncDisposable {
  /**
   * Whether the tables fit the definitions and the log. Throws DEFINITION_CHANGED, REBUILD_UNFINISHED, LOG_BEHIND,
   * LOG_TRIMMED. Makes the tables that are missing.
   */
  check(): Promise<void>;
  /** Until the signal aborts: then it ends between two micro-batches. Rejects when trying again does not help. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when every record that the log held at the call is in the tables; does not wait for the trigger. Rejects
   * with what has ended the arm, or keeps failing and is nothing that passes by itself.
   */
  caughtUp(signal: AbortSignal): Promise<void>;
  /** What `caughtUp` would reject with now. */
  failure(): unknown;
  status(): StreamStatus;
  /**
   * One dataset's table, or all of them, again from the objects and then the log: swapped in one commit, while the arm
   * goes on if it runs.
   */
  rebuild(dataset: string | undefined, signal: AbortSignal): Promise<readonly RebuildReport[]>;
}

export function createStreamArm(options: StreamArmOptions): StreamArm {
  const { log, openTable, datasets, config, clock } = options;
  const openStreamTable = (prefix: string, due: DueWork) => openTable(prefix, { later: due.add });
  const dueOfQuarantine = dueWork();
  const quarantine = openQuarantine({
    openTable: (prefix) => openStreamTable(prefix, dueOfQuarantine),
    arm: "stream",
    clock,
  });
  const historyMs = config.historyHours * 3600 * 1000;
  const unrouted = unroutedRecords(datasets);
  const waiting = new Set<() => void>();
  let failed: { readonly error: unknown } | undefined;
  const onProgress = () => {
    for (const look of [...waiting]) look();
  };

  log.holdFor(STREAM_GROUP, (topic) => {
    const stream = streamOf(topic);
    return stream !== undefined && isRouted(stream, datasets);
  });

  const streams: readonly DatasetStream[] = datasets.map((dataset, i) => {
    const due = dueWork();
    const table = openStreamTable(cleanTablePrefix("stream", dataset.name), due);
    const configuration = streamProperties(historyMs);
    return datasetStream({
      name: dataset.name,
      log,
      feed: openFeed({
        log,
        dataset,
        datasets,
        maxRecords: config.maxRecords,
        ...(unrouted.watchedBy === i ? { onShared: unrouted.see } : {}),
      }),
      writer: openTableWriter({ ...options, table, quarantine, dataset, configuration }),
      upkeep: upkeep({ tables: [table, quarantine.table], due: [due, dueOfQuarantine], clock, historyMs }),
      limits: config,
      clock,
      onProgress,
    });
  });

  const feeds = streams.map(({ feed }) => feed);
  const also = () => unrouted.look(log);
  const remember = rememberProgress({ log, group: STREAM_GROUP, feeds, clock, also });

  /** What the log holds now that a dataset takes, as `[stream, topic, partition, end]`. */
  async function targets() {
    const partitions = await log.stagePartitions();
    return streams.flatMap((stream, i) =>
      partitions.flatMap(({ topic, partition, end }) => {
        const name = streamOf(topic);
        const takes = name !== undefined && claimOn(datasets[i] as Dataset, name, datasets) !== "none";
        return takes && end > 0n ? [{ stream, topic, partition, end }] : [];
      }),
    );
  }

  const failure = () => failed?.error ?? streams.map((stream) => stream.lastingFailure()).find((one) => one);

  return {
    async check() {
      for (const { feed, writer } of streams) {
        feed.restart((await writer.load()).snapshot);
        await feed.check();
      }
    },

    async run(signal) {
      const stop = new AbortController();
      const both = AbortSignal.any([signal, stop.signal]);
      failed = undefined;
      const parts = [...streams.map((stream) => stream.run(both)), remember.run(both)];
      try {
        await Promise.all(parts);
      } catch (error) {
        failed = { error };
        throw error;
      } finally {
        stop.abort();
        // Nobody may touch a table that one of them still writes.
        await Promise.allSettled(parts);
        onProgress();
        await remember.now().catch(() => {}); // the tables are the truth; until the next start the log keeps more
      }
    },

    async caughtUp(signal) {
      using hurries = new DisposableStack();
      for (const stream of streams) hurries.use(stream.hurry());
      let left = await targets();
      await new Promise<void>((resolve, reject) => {
        const look = () => {
          left = left.filter(({ stream, topic, partition, end }) => {
            const at = stream.feed.progress().find((p) => p.topic === topic && p.partition === partition);
            return at === undefined || at.decided < end;
          });
          const error = failure();
          if (left.length === 0) resolve();
          else if (error !== undefined) reject(error);
        };
        const abort = () => reject(signal.reason);
        hurries.defer(() => {
          waiting.delete(look);
          signal.removeEventListener("abort", abort);
        });
        if (signal.aborted) return abort();
        signal.addEventListener("abort", abort);
        waiting.add(look);
        look();
      });
      await remember.now();
    },

    failure,
    status: () => statusOf(streams, unrouted.counts()),

    async rebuild(name, signal) {
      if (name !== undefined) datasetNamed(datasets, name);
      const reports: RebuildReport[] = [];
      for (const [i, dataset] of datasets.entries()) {
        if (name !== undefined && dataset.name !== name) continue;
        const hold = () => (streams[i] as DatasetStream).hold();
        const configuration = streamProperties(historyMs);
        reports.push(await rebuildDataset({ ...options, quarantine, dataset, configuration, signal, hold }));
      }
      return reports;
    },

    async [Symbol.asyncDispose]() {
      for (const { writer } of streams) await writer[Symbol.asyncDispose]();
    },
  };
}

function datasetNamed(datasets: readonly Dataset[], name: string): Dataset {
  const found = datasets.find((dataset) => dataset.name === name);
  if (found !== undefined) return found;
  throw new PinlakeError("UNKNOWN_NAME", { what: "dataset", name, known: datasets.map((dataset) => dataset.name) });
}

/** A checkpoint costs a small micro-batch's time once more, and a reader goes through a hundred commits in a few ms. */
const CHECKPOINT_INTERVAL = "100";

/** As Delta's own properties say it: how long older versions stay readable, and how often their log is summed up. */
function streamProperties(historyMs: number): Readonly<Record<string, string>> {
  const interval = `interval ${Math.max(1, Math.round(historyMs / 1000))} seconds`;
  return {
    "delta.logRetentionDuration": interval,
    "delta.deletedFileRetentionDuration": interval,
    "delta.checkpointInterval": CHECKPOINT_INTERVAL,
  };
}
