import type { Dataset } from "../define/dataset.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamOf } from "../log/names.ts";
import type { LogRecord } from "../record.ts";
import { isRouted, partitionKeyFilter } from "./routing.ts";

/** Counts records that no dataset takes: of shared streams since the arm was made, of others what the log holds. */
export interface UnroutedRecords {
  /** Which dataset shows the records of shared streams to `see`; each takes them all, one is enough. -1: none. */
  readonly watchedBy: number;
  see(stream: string, partition: number, record: LogRecord): void;
  /** Looks at the streams that nobody reads. */
  look(log: EventLog): Promise<void>;
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
    async look(log) {
      const held = new Map<string, number>();
      for (const { topic, start, end } of await log.stagePartitions()) {
        const stream = streamOf(topic);
        if (stream !== undefined && end > start && !isRouted(stream, datasets))
          held.set(stream, (held.get(stream) ?? 0) + Number(end - start));
      }
      for (const [stream, records] of held) counts.set(stream, records);
    },
    counts: () => Object.fromEntries(counts),
  };
}
