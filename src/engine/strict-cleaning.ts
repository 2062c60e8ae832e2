import type { Dataset } from "../define/dataset.ts";
import { type CleanCounts, clean, type RecordsInput } from "./clean.ts";
import type { CleanFilesOptions } from "./clean-files.ts";
import { cleanColumns } from "./clean-sql.ts";
import { QUARANTINE_COLUMNS } from "./quarantine-columns.ts";
import type { ParquetFile, QuerySession } from "./query-engine.ts";

/** Cleans records in memory that come in small numbers, many of them at a time. */
export interface StrictCleaning {
  /** Resolves when there is room for more. */
  add(input: RecordsInput): Promise<void>;
  /** Cleans what waits; the good rows of all are then in that file, if there are any. */
  finish(path: string): Promise<CleanCounts & { readonly file: ParquetFile | undefined }>;
}

const MAX_WAITING = { records: 20_000, bytes: 16 * 1024 * 1024 };

export async function cleanBeside(
  session: QuerySession,
  dataset: Dataset,
  { badInto, nowMs, foreignMarkers, signal }: Omit<CleanFilesOptions, "folder">,
): Promise<StrictCleaning> {
  const good = `${badInto}_good`;
  const part = { into: `${badInto}_part_good`, badInto: `${badInto}_part_bad` };
  const run = signal === undefined ? {} : { signal };
  const q = session.quote;
  const columns = cleanColumns(dataset);
  await session.defineRows(good, columns, []);
  await session.defineRows(badInto, QUARANTINE_COLUMNS, []);
  const counts = { events: 0, rows: 0, quarantined: 0, tombstones: 0 };
  const warnings: Record<string, number> = Object.fromEntries(dataset.warnings.map(({ name }) => [name, 0]));
  let waiting: RecordsInput[] = [];
  let [records, bytes] = [0, 0];
  let last: Promise<void> = Promise.resolve();

  async function cleanPart(inputs: readonly RecordsInput[]): Promise<void> {
    const cleaned = await clean(session, dataset, inputs, { ...part, nowMs, foreignMarkers, ...run });
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += cleaned[name];
    for (const [name, n] of Object.entries(cleaned.warnings)) warnings[name] = (warnings[name] ?? 0) + n;
    if (cleaned.rows > 0) await session.execute(`INSERT INTO ${q(good)} SELECT * FROM ${q(part.into)}`, run);
    if (cleaned.quarantined > 0)
      await session.execute(`INSERT INTO ${q(badInto)} SELECT * FROM ${q(part.badInto)}`, run);
  }

  /** One part after the other, as they share their tables. */
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
    async finish(path) {
      await flush();
      const file =
        counts.rows === 0 ? undefined : await session.writeParquet(`SELECT * FROM ${q(good)}`, columns, path, run);
      return { ...counts, warnings, file };
    },
  };
}
