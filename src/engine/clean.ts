import type { Dataset } from "../define/dataset.ts";
import type { LogRecord } from "../record.ts";
import { fieldText } from "./json-members.ts";
import type { QueryOptions, QuerySession, SqlValue } from "./query-engine.ts";
import { openStaging, type Staging } from "./staging.ts";
import { judge, quoted, recordShape, utf8Text } from "./suspects.ts";

/** Raw records in memory. */
export interface RecordsInput {
  /** The topic's or stream's own name, as the `_topic` column shows it. */
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly RawRecord[];
}

export type RawRecord = Pick<LogRecord, "offset" | "value">;

export interface CleanOptions extends QueryOptions {
  /** Name of the view that shows the good rows: the dataset's columns, then `_topic`, `_partition`, `_offset`. */
  readonly into: string;
  /** Name of the table that gets the others, in the quarantine's columns (see QUARANTINE_COLUMNS). */
  readonly badInto: string;
  /** What `at` of quarantined rows says. */
  readonly nowMs: number;
  /** Marker fields of the other datasets: how a record that strayed here is known (see `foreignMarkers`). */
  readonly foreignMarkers: readonly string[];
}

/** What became of the events of one call; each figure is counted, none is a remainder. */
export interface CleanCounts {
  readonly events: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly tombstones: number;
  /** By the name of the dataset's warnings. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** The marker fields of all datasets but this one. */
export function foreignMarkers(dataset: Dataset, datasets: readonly Dataset[]): string[] {
  return datasets.filter((other) => other.name !== dataset.name).flatMap((other) => other.record.markers);
}

type Event = Omit<RecordsInput, "records"> & { readonly record: RawRecord };

/**
 * Cleans records by the dataset's SQL. Every event becomes a row of `into`, a row of `badInto` or a counted tombstone;
 * no value, whatever its bytes, makes it fail. Each record is decided by itself, strictly.
 */
export async function clean(
  session: QuerySession,
  dataset: Dataset,
  inputs: readonly RecordsInput[],
  options: CleanOptions,
): Promise<CleanCounts> {
  const shape = recordShape(dataset, options.foreignMarkers);
  const events = inputs.flatMap(({ records, ...input }) => records.map((record) => ({ ...input, record })));
  const staging = await openStaging(session, dataset, shape, options);
  const bad: SqlValue[][] = [];
  const quarantine = ({ topic, partition, record }: Event, reason: string, detail: string) => {
    const at = BigInt(options.nowMs) * 1000n;
    bad.push([dataset.name, topic, partition, record.offset, reason, detail, rawText(record.value), at]);
  };
  const rows: SqlValue[][] = [];
  let tombstones = 0;
  for (const [i, event] of events.entries()) {
    const { topic, partition, record } = event;
    const verdict = judge(record.value, shape);
    if (verdict.kind === "tombstone") tombstones++;
    else if (verdict.kind === "bad") quarantine(event, verdict.reason, verdict.detail);
    else rows.push([...verdict.sources.map(fieldText), i, topic, partition, record.offset]);
  }

  await staging.fill(rows, options);
  const { good, warnings, refused } = await verdicts(session, dataset, staging, options);
  const byOrigin = new Map(rows.map((row) => [row[shape.fields.length], row]));
  for (const [origin, reason] of refused) {
    const texts = new Map(shape.fields.map(({ name }, i) => [name, byOrigin.get(origin)?.[i] as string | null]));
    quarantine(events[origin] as Event, reason, ruleDetail(dataset, reason, texts));
  }
  await staging.fillBad(bad);
  return { events: events.length, rows: good, quarantined: bad.length, tombstones, warnings };
}

/** What the dataset's SQL made of the staged rows; of those that its rules refuse their origins and reasons. */
async function verdicts(session: QuerySession, dataset: Dataset, { staged }: Staging, options: CleanOptions) {
  const good = dataset.warnings.map((_, i) => `, count(*) FILTER (WHERE _reason IS NULL AND _warning${i})`);
  const counted = await session.query(
    `SELECT count(*) FILTER (WHERE _reason IS NULL), count(_reason)${good.join("")} FROM ${staged}`,
    options,
  );
  const [rows = 0, others = 0, ...warnings] = (counted.rows[0] ?? []).map(Number);
  const refusals = `SELECT _origin, _reason FROM ${staged} WHERE _reason IS NOT NULL ORDER BY _origin`;
  const refused = others === 0 ? [] : (await session.query(refusals, options)).rows;
  return {
    good: rows,
    warnings: Object.fromEntries(dataset.warnings.map(({ name }, i) => [name, warnings[i] ?? 0])),
    refused: refused as readonly (readonly [number, string])[],
  };
}

/** A sentence that names the fields and their values. */
function ruleDetail(dataset: Dataset, reason: string, values: ReadonlyMap<string, string | null>): string {
  const said = (field: string) => {
    const value = values.get(field) ?? null;
    return `${field} is ${value === null ? "absent" : quoted(value)}`;
  };
  if (reason === "missing_key") return `There is no integer key: ${said(dataset.record.key)}.`;
  const rule = dataset.checks.find((check) => check.name === reason);
  const message = (rule?.message ?? reason).replace(/[.]$/, "");
  const fields = (rule?.fields ?? []).map(said).join(", ");
  return fields === "" ? `${message}.` : `${message}: ${fields}.`;
}

/** The record as text, for a person and for its replay; bytes that are no text as base64 behind `base64:`. */
function rawText(value: Uint8Array | null): string {
  if (value === null) return "null";
  return utf8Text(value) ?? `base64:${Buffer.from(value).toString("base64")}`;
}
