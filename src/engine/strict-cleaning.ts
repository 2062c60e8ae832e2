import type { Dataset } from "../define/dataset.ts";
import { type CleanCounts, openCleaning, type RecordsInput } from "./clean.ts";
import type { CleanFilesOptions } from "./clean-files.ts";
import { QUARANTINE_COLUMNS } from "./quarantine-columns.ts";
import type { ParquetFile, QuerySession } from "./query-engine.ts";

/** Cleans records in memory that come in small numbers, many of them at a time. */
export interface StrictCleaning {
  /** Resolves when there is room for more. */
  add(input: RecordsInput): Promise<void>;
  /** Cleans what waits; the good rows of all are then in these files. */
  finish(): Promise<CleanCounts & { readonly files: readonly ParquetFile[] }>;
}

const MAX_WAITING = { records: 20_000, bytes: 16 * 1024 * 1024 };

export async function cleanBeside(
  session: QuerySession,
  dataset: Dataset,
  newFile: () => string,
  { badInto, nowMs, foreignMarkers, signal }: Omit<CleanFilesOptions, "folder">,
): Promise<StrictCleaning> {
  const run = signal === undefined ? {} : { signal };
  const cleaning = openCleaning(session, dataset, foreignMarkers);
  await session.defineRows(badInto, QUARANTINE_COLUMNS, []);
  const files: ParquetFile[] = [];
  const counts = { events: 0, rows: 0, quarantined: 0, tombstones: 0 };
  const warnings: Record<string, number> = Object.fromEntries(dataset.warnings.map(({ name }) => [name, 0]));
  let waiting: RecordsInput[] = [];
  let [records, bytes] = [0, 0];
  let last: Promise<void> = Promise.resolve();

  async function cleanPart(inputs: readonly RecordsInput[]): Promise<void> {
    const cleaned = await cleaning.decide(inputs, { nowMs, ...run });
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += cleaned.counts[name];
    for (const [name, n] of Object.entries(cleaned.counts.warnings)) warnings[name] = (warnings[name] ?? 0) + n;
    if (cleaned.good.length > 0) files.push(await cleaning.write(cleaned.good, newFile(), run));
    if (cleaned.bad.length > 0) await session.defineRows(badInto, QUARANTINE_COLUMNS, cleaned.bad, { append: true });
  }

  /** One part after the other. */
  function flush(): Promise<void> {
    const inputs = waiting;
    waiting = [];
    [records, bytes] = [0, 0];
    if (inputs.length > 0) last = last.then(() => cleanPart(inputs));
    return last;
  }

  return {
    async add(input) {
      if (input.records.length === 0) return;
      waiting.push(input);
      records += input.records.length;
      bytes += input.records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      if (records >= MAX_WAITING.records || bytes >= MAX_WAITING.bytes) await flush();
    },
    async finish() {
      await flush();
      return { ...counts, warnings, files };
    },
  };
}
