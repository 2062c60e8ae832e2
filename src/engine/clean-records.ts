import type { Dataset } from "../define/dataset.ts";
import type { LogRecord, Position } from "../record.ts";
import { cleanColumns, cleaningSql } from "./clean-sql.ts";
import { fieldJson, fieldText } from "./json-members.ts";
import { POSITION_COLUMNS } from "./quarantine-columns.ts";
import type { ParquetFile, QueryOptions, QuerySession, SqlValue } from "./query-engine.ts";
import { judge, quoted, recordShape, utf8Text } from "./suspects.ts";

/** Raw records in memory. */
export interface RecordsInput {
  /** The topic's or stream's own name, as the `_topic` column shows it. */
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly RawRecord[];
}

export type RawRecord = Pick<LogRecord, "offset" | "value">;

export interface CleanRecordsOptions extends QueryOptions {
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

/** A record that makes a row, before it is made. */
export interface GoodRecord {
  /** Of the row that it makes. */
  readonly key: SqlValue;
  readonly position: Position;
  /** Its fields and position, as `textRows` takes them. */
  readonly json: string;
}

export interface CleanedRecords {
  readonly counts: CleanCounts;
  /** In the order of the records. */
  readonly good: readonly GoodRecord[];
  /** The others, in the quarantine's columns (see QUARANTINE_COLUMNS). */
  readonly bad: readonly (readonly SqlValue[])[];
}

interface Candidate {
  readonly position: Position;
  readonly value: Uint8Array | null;
  readonly sources: readonly (string | undefined)[];
  readonly json: string;
}

/**
 * Decides what becomes of each record by the dataset's SQL: a row, which `writeRecords` then makes, or one of the
 * quarantine, or a counted tombstone. No value, whatever its bytes, makes it fail.
 */
export async function cleanRecords(
  session: QuerySession,
  dataset: Dataset,
  inputs: readonly RecordsInput[],
  options: CleanRecordsOptions,
): Promise<CleanedRecords> {
  const shape = recordShape(dataset, options.foreignMarkers);
  const at = BigInt(options.nowMs) * 1000n;
  const bad: SqlValue[][] = [];
  const quarantine = (
    { topic, partition, offset }: Position,
    value: Uint8Array | null,
    reason: string,
    detail: string,
  ) => bad.push([dataset.name, topic, partition, offset, reason, detail, rawText(value), at]);

  const candidates: Candidate[] = [];
  let [events, tombstones] = [0, 0];
  for (const { topic, partition, records } of inputs) {
    const source = `,${JSON.stringify(topic)},"${partition}","`;
    for (const { offset, value } of records) {
      events++;
      const verdict = judge(value, shape);
      if (verdict.kind === "tombstone") tombstones++;
      else if (verdict.kind === "bad") quarantine({ topic, partition, offset }, value, verdict.reason, verdict.detail);
      else {
        const { sources } = verdict;
        const json = `["${candidates.length}"${source}${offset}",${sources.map(fieldJson).join(",")}]`;
        candidates.push({ position: { topic, partition, offset }, value, sources, json });
      }
    }
  }

  const good: GoodRecord[] = [];
  const warnings = dataset.warnings.map(() => 0);
  for (const [origin, reason, key = null, ...warned] of await verdicts(session, dataset, candidates, options)) {
    const { position, value, sources, json } = candidates[origin as number] as Candidate;
    if (reason === null) {
      good.push({ key, position, json });
      for (const [i, is] of warned.entries()) if (is === true) warnings[i] = (warnings[i] ?? 0) + 1;
    } else quarantine(position, value, reason as string, ruleDetail(dataset, reason as string, sources));
  }
  const byName = Object.fromEntries(dataset.warnings.map(({ name }, i) => [name, warnings[i] ?? 0]));
  return {
    counts: { events, rows: good.length, quarantined: bad.length, tombstones, warnings: byName },
    good,
    bad,
  };
}

/** The rows of these records as a file, in the columns of `cleanColumns`, synced to disk. */
export function writeRecords(
  session: QuerySession,
  dataset: Dataset,
  records: readonly GoodRecord[],
  path: string,
  options: QueryOptions = {},
): Promise<ParquetFile> {
  const columns = cleanColumns(dataset);
  const position = POSITION_COLUMNS.map(({ name }) => name);
  const list = columns.map(({ name }) => session.quote(name)).join(", ");
  const sql = `${rawTexts(session, dataset)} SELECT ${list} FROM (${cleaningSql(session, dataset, position)}) AS cleaned`;
  return session.writeParquet(sql, columns, path, { ...options, parameters: [jsonRows(records)] });
}

/** What the dataset's SQL makes of each candidate: its number, the reason against it, its key, and its warnings. */
async function verdicts(
  session: QuerySession,
  dataset: Dataset,
  candidates: readonly Candidate[],
  options: QueryOptions,
): Promise<readonly (readonly SqlValue[])[]> {
  if (candidates.length === 0) return [];
  const warnings = dataset.warnings.map((_, i) => `_warning${i}`);
  const list = ["_origin", "_reason", session.quote(dataset.key), ...warnings].join(", ");
  const sql = `${rawTexts(session, dataset)} SELECT ${list} FROM (${cleaningSql(session, dataset, ["_origin"])}) AS cleaned ORDER BY _origin`;
  const { signal } = options;
  const { rows } = await session.query(sql, { ...(signal && { signal }), parameters: [jsonRows(candidates)] });
  return rows;
}

/** The candidates as the relation `raw`. */
function rawTexts(session: QuerySession, dataset: Dataset): string {
  const fields = Object.keys(dataset.record.fields);
  const numbers = ["CAST(_origin AS INTEGER) AS _origin", "CAST(_partition AS INTEGER) AS _partition"];
  const list = [...numbers, "_topic", "CAST(_offset AS BIGINT) AS _offset", ...fields.map(session.quote)];
  const texts = session.textRows(["_origin", "_topic", "_partition", "_offset", ...fields]);
  return `WITH raw AS (SELECT ${list.join(", ")} FROM (${texts}) AS texts)`;
}

const jsonRows = (rows: readonly { readonly json: string }[]): string => `[${rows.map(({ json }) => json).join(",")}]`;

/** A sentence that names the fields and their values. */
function ruleDetail(dataset: Dataset, reason: string, sources: readonly (string | undefined)[]): string {
  const fields = Object.keys(dataset.record.fields);
  const said = (field: string) => {
    const value = fieldText(sources[fields.indexOf(field)]);
    return `${field} is ${value === null ? "absent" : quoted(value)}`;
  };
  if (reason === "missing_key") return `There is no integer key: ${said(dataset.record.key)}.`;
  const rule = dataset.checks.find((check) => check.name === reason);
  const message = (rule?.message ?? reason).replace(/[.]$/, "");
  const values = (rule?.fields ?? []).map(said).join(", ");
  return values === "" ? `${message}.` : `${message}: ${values}.`;
}

/** The record as text, for a person and for its replay; bytes that are no text as base64 behind `base64:`. */
function rawText(value: Uint8Array | null): string {
  if (value === null) return "null";
  return utf8Text(value) ?? `base64:${Buffer.from(value).toString("base64")}`;
}
