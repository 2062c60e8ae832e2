import { streamOf } from "../log/names.ts";
import type { DatasetStream } from "./dataset-stream.ts";

export interface StreamStatus {
  readonly datasets: readonly DatasetStreamStatus[];
  /** Records by stream that no dataset takes; they are landed all the same. */
  readonly unrouted: Readonly<Record<string, number>>;
}

export interface DatasetStreamStatus {
  readonly dataset: string;
  /** The table's version; undefined before it is known. */
  readonly version: number | undefined;
  readonly rows: number;
  /** Records in the log that are not decided yet. */
  readonly behind: number;
  /** Since the start. */
  readonly commits: number;
  readonly superseded: number;
  readonly tombstones: number;
  /** What hinders it at the moment; it tries again by itself. */
  readonly failure?: string;
  readonly shards: readonly { readonly stream: string; readonly shard: number; readonly next: number }[];
}

export function statusOf(streams: readonly DatasetStream[], unrouted: Readonly<Record<string, number>>): StreamStatus {
  return { datasets: streams.map(datasetStatus), unrouted };
}

function datasetStatus({ name, feed, writer, failure, commits }: DatasetStream): DatasetStreamStatus {
  const state = writer.lastState();
  const progress = feed.progress();
  const hindered = failure();
  return {
    dataset: name,
    version: state?.snapshot.version,
    rows: state?.index.size ?? 0,
    behind: progress.reduce((sum, { end, decided }) => sum + Number(end - decided), 0),
    commits: commits(),
    superseded: state?.totals.superseded ?? 0,
    tombstones: state?.totals.tombstones ?? 0,
    ...(hindered === undefined ? {} : { failure: hindered.message }),
    shards: progress.map(({ topic, partition, decided }) => ({
      stream: streamOf(topic) ?? topic,
      shard: partition,
      next: Number(decided),
    })),
  };
}
