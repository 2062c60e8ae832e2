import type { Dataset } from "../define/dataset.ts";
import type { LogRecord } from "../record.ts";
import { cleanColumns, cleaningSql } from "./clean-sql.ts";
import { QUARANTINE_COLUMNS } from "./quarantine-columns.ts";
import type { QueryOptions, QuerySession, SqlValue } from "./query-engine.ts";
import { type RawRecord, readRecords } from "./raw-lines.ts";
import type { Column } from "./schema.ts";
import { judge, quoted, recordShape, utf8Text } from "./suspects.ts";

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
  /** Name of the table that gets the good rows: the dataset's columns, then `_topic`, `_partition`, `_offset`. */
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

interface Sorted {
  readonly rows: (readonly SqlValue[])[];
  readonly bad: (readonly SqlValue[])[];
  tombstones: number;
  events: number;
}

/**
 * Cleans records by the dataset's SQL. Every event becomes a row of `into`, a row of `badInto` or a counted tombstone;
 * no value, whatever its bytes, makes it fail.
 */
export async function clean(
  session: QuerySession,
  dataset: Dataset,
  inputs: readonly RawInput[],
  options: CleanOptions,
): Promise<CleanCounts> {
  const shape = recordShape(dataset, options.foreignMarkers);
  const at = BigInt(options.nowMs) * 1000n;
  const quarantined = (input: RawInput, record: RawRecord, reason: string, detail: string): SqlValue[] => [
    dataset.name,
    input.topic,
    input.partition,
    record.offset,
    reason,
    detail,
    rawText(record.value),
    at,
  ];
  const sorted: Sorted = { rows: [], bad: [], tombstones: 0, events: 0 };
  const origins: { readonly input: RawInput; readonly record: RawRecord }[] = [];
  for (const input of inputs) {
    for (const record of await readRecords(input)) {
      options.signal?.throwIfAborted();
      sorted.events++;
      const verdict = judge(record.value, shape);
      if (verdict.kind === "tombstone") sorted.tombstones++;
      else if (verdict.kind === "bad") sorted.bad.push(quarantined(input, record, verdict.reason, verdict.detail));
      else {
        sorted.rows.push([...verdict.fields, BigInt(origins.length), input.topic, input.partition, record.offset]);
        origins.push({ input, record });
      }
    }
  }

  const fields: Column[] = shape.fields.map(({ name }) => ({ name, type: "string" }));
  const carried: Column[] = [
    { name: "_origin", type: "long" },
    { name: "_topic", type: "string" },
    { name: "_partition", type: "integer" },
    { name: "_offset", type: "long" },
  ];
  await session.defineRows("raw", [...fields, ...carried], sorted.rows);
  const staged = session.quote(`${options.into}_staged`);
  const cleaning = cleaningSql(
    session,
    dataset,
    carried.map(({ name }) => name),
  );
  await session.execute(`CREATE OR REPLACE TABLE ${staged} AS ${cleaning}`, options);
  const columns = cleanColumns(dataset).map(({ name }) => session.quote(name));
  await session.execute(
    `CREATE OR REPLACE TABLE ${session.quote(options.into)} AS SELECT ${columns.join(", ")} FROM ${staged} WHERE _reason IS NULL`,
    options,
  );
  const counted = dataset.warnings.map((_, i) => `, count(*) FILTER (WHERE _warning${i})`).join("");
  const counts = await session.query(`SELECT count(*)${counted} FROM ${staged} WHERE _reason IS NULL`, options);
  const [rows = 0n, ...warnings] = (counts.rows[0] ?? []) as bigint[];
  const refused = await session.query(
    `SELECT _origin, _reason FROM ${staged} WHERE _reason IS NOT NULL ORDER BY _origin`,
    options,
  );
  for (const [origin, reason] of refused.rows) {
    const at = Number(origin);
    const { input, record } = origins[at] as (typeof origins)[number];
    const values = new Map(shape.fields.map(({ name }, i) => [name, (sorted.rows[at]?.[i] ?? null) as string | null]));
    sorted.bad.push(quarantined(input, record, reason as string, ruleDetail(dataset, reason as string, values)));
  }
  await session.defineRows(options.badInto, QUARANTINE_COLUMNS, sorted.bad);
  await session.execute(`DROP TABLE ${staged}; DROP TABLE raw`);
  return {
    events: sorted.events,
    rows: Number(rows),
    quarantined: sorted.bad.length,
    tombstones: sorted.tombstones,
    warnings: Object.fromEntries(dataset.warnings.map(({ name }, i) => [name, Number(warnings[i] ?? 0n)])),
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
