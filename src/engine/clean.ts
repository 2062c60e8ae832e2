import type { Dataset } from "../define/dataset.ts";
import type { LogRecord } from "../record.ts";
import { acceptLines, type LinesInput } from "./fast-path.ts";
import type { QueryOptions, QuerySession, SqlValue } from "./query-engine.ts";
import { type RawRecord, readRecords } from "./raw-lines.ts";
import { closeStaging, openStaging, type Staging } from "./staging.ts";
import { judge, quoted, type RecordShape, recordShape, utf8Text } from "./suspects.ts";

/** Where raw rows come from: lines of a local NDJSON file, line i being offset `startOffset` + i; or records in memory. */
export type RawInput = {
  /** The topic's or stream's own name, as the `_topic` column shows it. */
  readonly topic: string;
  readonly partition: number;
} & (
  | { readonly path: string; readonly startOffset: bigint; readonly lines: "value" | "stream-envelope" }
  | { readonly records: readonly Pick<LogRecord, "offset" | "value">[] }
);

export interface CleanOptions extends QueryOptions {
  /** Name of the view that shows the good rows: the dataset's columns, then `_topic`, `_partition`, `_offset`. */
  readonly into: string;
  /** Name of the table that gets the others, in the quarantine's columns (see QUARANTINE_COLUMNS). */
  readonly badInto: string;
  /** For files between the stages; the caller removes it. */
  readonly tempFolder: string;
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

/** A record to be decided strictly. */
interface Suspect {
  readonly input: RawInput;
  readonly record: RawRecord;
}

/**
 * Cleans records by the dataset's SQL. Every event becomes a row of `into`, a row of `badInto` or a counted tombstone;
 * no value, whatever its bytes, makes it fail. The engine reads files of values itself and accepts what is beyond doubt;
 * the rest, and records in memory, are decided one by one.
 */
export async function clean(
  session: QuerySession,
  dataset: Dataset,
  inputs: readonly RawInput[],
  options: CleanOptions,
): Promise<CleanCounts> {
  const shape = recordShape(dataset, options.foreignMarkers);
  const files = inputs.filter((input) => "path" in input && input.lines === "value");
  const read = { ...options, into: `${options.into}_read` };
  if (files.length > 0) await closeStaging(session);
  const accepted =
    files.length === 0 ? undefined : await acceptLines(session, dataset, shape, files as LinesInput[], read);
  const suspects: Suspect[] = [];
  for (const input of inputs) {
    options.signal?.throwIfAborted();
    const at = files.indexOf(input);
    for (const record of await readRecords(input, accepted?.suspects[at])) suspects.push({ input, record });
  }
  const staging = await openStaging(session, dataset, shape, options);
  const counts = await cleanStrictly(session, dataset, shape, suspects, staging, options);
  if (accepted === undefined) return { ...counts, events: suspects.length };
  await closeStaging(session);
  const parts = [...(accepted.rows > 0 ? [accepted.select] : []), ...(counts.rows > 0 ? [staging.select] : [])];
  if (accepted.rows > 0)
    await session.execute(`CREATE OR REPLACE VIEW ${session.quote(options.into)} AS ${parts.join("\nUNION ALL ")}`);
  return { ...counts, events: accepted.rows + suspects.length, rows: accepted.rows + counts.rows };
}

/** Fills the staging tables. */
async function cleanStrictly(
  session: QuerySession,
  dataset: Dataset,
  shape: RecordShape,
  suspects: readonly Suspect[],
  staging: Staging,
  options: CleanOptions,
): Promise<Omit<CleanCounts, "events">> {
  const bad: SqlValue[][] = [];
  const quarantine = ({ input, record }: Suspect, reason: string, detail: string) => {
    const { topic, partition } = input;
    const at = BigInt(options.nowMs) * 1000n;
    bad.push([dataset.name, topic, partition, record.offset, reason, detail, rawText(record.value), at]);
  };
  const rows: SqlValue[][] = [];
  let tombstones = 0;
  for (const [i, suspect] of suspects.entries()) {
    const verdict = judge(suspect.record.value, shape);
    if (verdict.kind === "tombstone") tombstones++;
    else if (verdict.kind === "bad") quarantine(suspect, verdict.reason, verdict.detail);
    else rows.push([...verdict.fields, i, suspect.input.topic, suspect.input.partition, suspect.record.offset]);
  }

  await staging.fill(rows, options);
  const { good, warnings, refused } = await verdicts(session, dataset, staging, options);
  const byOrigin = new Map(rows.map((row) => [row[shape.fields.length], row]));
  for (const [origin, reason] of refused) {
    const texts = new Map(shape.fields.map(({ name }, i) => [name, byOrigin.get(origin)?.[i] as string | null]));
    quarantine(suspects[origin] as Suspect, reason, ruleDetail(dataset, reason, texts));
  }
  await staging.fillBad(bad);
  return { rows: good, quarantined: bad.length, tombstones, warnings };
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
