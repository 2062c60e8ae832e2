import { type Dataset, matchesPattern } from "../../src/define/dataset.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { streamOf } from "../../src/log/names.ts";
import type { LogRecord } from "../../src/record.ts";

export type Fate = { readonly row: Readonly<Record<string, unknown>> } | { readonly reason: string } | "tombstone";

/** What a dataset's stream table and quarantine must hold, told from the records alone with a Map. */
export interface Recount {
  readonly events: number;
  /** By key, the row with its position, as JSON. */
  readonly rows: readonly string[];
  /** `stream/shard/offset reason`, sorted. */
  readonly quarantined: readonly string[];
  readonly superseded: number;
  readonly tombstones: number;
}

/** Reads the whole log, deleted streams included, and applies the promise word by word. */
export async function recount(log: EventLog, dataset: Dataset, datasets: readonly Dataset[]): Promise<Recount> {
  const stored = new Map<unknown, { readonly order: string; readonly text: string }>();
  const quarantined: string[] = [];
  let [events, superseded, tombstones] = [0, 0, 0];
  for (const { topic, partition, start, end } of await log.stagePartitions()) {
    const stream = streamOf(topic);
    if (stream === undefined) continue;
    const claimed = (one: Dataset) => one.inputs.streams.some((pattern) => matchesPattern(pattern, stream));
    for (let next = start; next < end; ) {
      const batch = await log.read(topic, partition, next, { includeDeleted: true });
      next = batch.next;
      for (const record of batch.records) {
        const key = Buffer.from(record.key ?? []).toString();
        const byKey = dataset.inputs.partitionKeys.some((pattern) => matchesPattern(pattern, key));
        if (datasets.some(claimed) ? !claimed(dataset) : !byKey) continue;
        events++;
        const fate = fateOf(dataset, record);
        if (fate === "tombstone") tombstones++;
        else if ("reason" in fate) quarantined.push(`${stream}/${partition}/${record.offset} ${fate.reason}`);
        else {
          const order = [record.offset, partition].map((n) => String(n).padStart(20, "0")).join() + stream;
          const text = JSON.stringify({ ...fate.row, stream, partition, offset: Number(record.offset) });
          const other = stored.get(fate.row[dataset.key]);
          if (other !== undefined) superseded++;
          if (other === undefined || other.order < order) stored.set(fate.row[dataset.key], { order, text });
        }
      }
    }
  }
  const rows = [...stored.values()].map(({ text }) => text).sort();
  return { events, rows, quarantined: quarantined.sort(), superseded, tombstones };
}

/** The rules of the two test datasets. */
function fateOf(dataset: Dataset, { value }: LogRecord): Fate {
  const text = value === null ? "null" : Buffer.from(value).toString();
  if (text === "null") return "tombstone";
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { reason: "not_json" };
  }
  if (typeof parsed !== "object" || Array.isArray(parsed)) return { reason: "not_an_object" };
  const { id, word, n, name, shade } = parsed;
  if (dataset.name === "blue") {
    if (shade === undefined && word !== undefined) return { reason: "wrong_dataset" };
    return name === undefined ? { reason: "missing_key" } : { row: { name, shade: shade ?? null } };
  }
  if (word === undefined && n === undefined && shade !== undefined) return { reason: "wrong_dataset" };
  if (!Number.isInteger(id)) return { reason: "missing_key" };
  if (n !== undefined && !Number.isInteger(n)) return { reason: "bad_n" };
  return { row: { id, word: word ?? null, n: n ?? null } };
}
