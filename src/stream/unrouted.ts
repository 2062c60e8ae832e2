import type { Dataset } from "../define/dataset.ts";
import type { LogRecord } from "../record.ts";
import { partitionKeyFilter } from "./routing.ts";

/** Counts records of shared streams that no dataset's partition keys match, since the arm was made. */
export interface UnroutedRecords {
  /** Which dataset shows the records of shared streams to `see`; each takes them all, one is enough. -1: none. */
  readonly watchedBy: number;
  see(stream: string, partition: number, record: LogRecord): void;
  counts(): Readonly<Record<string, number>>;
}

export function unroutedRecords(datasets: readonly Dataset[]): UnroutedRecords {
  const matchesAny = partitionKeyFilter(datasets);
  const counts = new Map<string, number>();
  const seen = new Map<string, bigint>();
  return {
    watchedBy: datasets.findIndex(({ inputs }) => inputs.partitionKeys.length > 0),
    see(stream, partition, { offset, key }) {
      const shard = `${partition}/${stream}`;
      if (offset < (seen.get(shard) ?? 0n)) return;
      seen.set(shard, offset + 1n);
      if (!matchesAny(key)) counts.set(stream, (counts.get(stream) ?? 0) + 1);
    },
    counts: () => Object.fromEntries(counts),
  };
}
