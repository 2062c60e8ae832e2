import type { Dataset } from "../define/dataset.ts";
import { isPinlakeError, type PinlakeError } from "../errors.ts";
import type { LogRecord, Position } from "../record.ts";
import { cleanColumns, cleaningSql } from "./clean-sql.ts";
import { fallibleColumns } from "./fallible-columns.ts";
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

/** What became of the events of one call; each figure is counted, none is a remainder. */
export interface CleanCounts {
  readonly events: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly tombstones: number;
  /** By the name of the dataset's warnings. */
  readonly warnings: Readonly<Record<string, number>>;
}

/** A record that makes a row. */
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

/** Cleaning of records in memory by a dataset's SQL, in one session. */
export interface Cleaning {
  /**
   * Decides what becomes of each record: a row, which `write` then makes, or one of the quarantine, or a counted
   * tombstone. No value, whatever its bytes, makes it fail. `nowMs` is what `at` of quarantined rows says.
   */
  decide(inputs: readonly RecordsInput[], options: QueryOptions & { readonly nowMs: number }): Promise<CleanedRecords>;
  /** The rows of these records (of one call to `decide`, in its order) as a file in that order, in the columns of `cleanColumns`. */
  write(records: readonly GoodRecord[], path: string, options?: QueryOptions): Promise<ParquetFile>;
}

/** The marker fields of all datasets but this one. */
export function foreignMarkers(dataset: Dataset, datasets: readonly Dataset[]): string[] {
  return datasets.filter((other) => other.name !== dataset.name).flatMap((other) => other.record.markers);
}

/** `foreign`: marker fields of the other datasets, by which a record that strayed here is known (see `foreignMarkers`). */
export function openCleaning(session: QuerySession, dataset: Dataset, foreign: readonly string[]): Cleaning {
  const shape = recordShape(dataset, foreign);
  const columns = cleanColumns(dataset);
  const raw = rawTexts(session, dataset);
  const position = POSITION_COLUMNS.map(({ name }) => name);
  const written = `${raw} SELECT ${columns.map(({ name }) => session.quote(name)).join(", ")}
    FROM (${cleaningSql(session, dataset, ["_origin", ...position])}) AS cleaned ORDER BY _origin`;
  const warned = dataset.warnings.map((_, i) => `_warning${i}`);
  const judging = (columns: readonly string[]) => `${raw} SELECT ${["_origin", "_reason", ...columns].join(", ")}
    FROM (${cleaningSql(session, dataset, ["_origin"])}) AS cleaned`;
  const judged = judging([session.quote(dataset.key), ...warned, ...fallibleColumns(dataset).map(session.quote)]);
  const onlyReason = judging([]);

  /** By number of the candidate what the dataset's SQL makes of it: the reason against it, its key, and its warnings. */
  async function verdicts(candidates: readonly Candidate[], signal: AbortSignal | undefined) {
    const byOrigin: (readonly SqlValue[])[] = [];
    const ask = async (sql: string, some: readonly Candidate[]) => {
      const { rows } = await session.query(sql, { ...(signal && { signal }), parameters: [jsonRows(some)] });
      for (const [origin, ...verdict] of rows) byOrigin[origin as number] = verdict;
      return rows;
    };
    /** Where the SQL fails on some record, it is run on fewer and fewer, down to that one: each makes its row alone. */
    const askEach = async (some: readonly Candidate[]): Promise<void> => {
      try {
        if (some.length > 0) await ask(judged, some);
      } catch (error) {
        if (!isValueError(error)) throw error;
        const half = some.length >> 1;
        if (half > 0) {
          await askEach(some.slice(0, half));
          await askEach(some.slice(half));
        } else await askReason(some, error);
      }
    };
    /** A rule may have said already why the record is no row. */
    const askReason = async (some: readonly Candidate[], failure: PinlakeError<"QUERY_FAILED">): Promise<void> => {
      try {
        const [[origin, reason] = []] = await ask(onlyReason, some);
        if (reason === null) byOrigin[origin as number] = [SQL_FAILED, failure.details.reason];
      } catch (error) {
        if (!isValueError(error)) throw error;
        for (const one of some) byOrigin[candidates.indexOf(one)] = [SQL_FAILED, error.details.reason];
      }
    };
    await askEach(candidates);
    return byOrigin;
  }

  return {
    async decide(inputs, { nowMs, signal }) {
      const at = BigInt(nowMs) * 1000n;
      const bad: SqlValue[][] = [];
      const quarantine = (of: Pick<Candidate, "position" | "value">, reason: string, detail: string) => {
        const { topic, partition, offset } = of.position;
        bad.push([dataset.name, topic, partition, offset, reason, detail, rawText(of.value), at]);
      };
      const candidates: Candidate[] = [];
      let [events, tombstones] = [0, 0];
      for (const { topic, partition, records } of inputs) {
        const source = `${JSON.stringify(topic)},"${partition}"`;
        for (const { offset, value } of records) {
          events++;
          const verdict = judge(value, shape);
          const position = { topic, partition, offset };
          if (verdict.kind === "tombstone") tombstones++;
          else if (verdict.kind === "bad") quarantine({ position, value }, verdict.reason, verdict.detail);
          else {
            const { sources } = verdict;
            const json = `["${candidates.length}",${source},"${offset}",${sources.map(fieldJson).join(",")}]`;
            candidates.push({ position, value, sources, json });
          }
        }
      }

      const good: GoodRecord[] = [];
      const warnings = dataset.warnings.map(() => 0);
      for (const [i, [reason, key = null, ...flags]] of (await verdicts(candidates, signal)).entries()) {
        const candidate = candidates[i] as Candidate;
        if (reason === null) {
          good.push({ key, position: candidate.position, json: candidate.json });
          for (const [w, is] of flags.entries()) if (is === true) warnings[w] = (warnings[w] ?? 0) + 1;
        } else if (reason === SQL_FAILED) quarantine(candidate, reason, failureDetail(String(key)));
        else quarantine(candidate, reason as string, ruleDetail(dataset, reason as string, candidate.sources));
      }
      const byName = Object.fromEntries(dataset.warnings.map(({ name }, i) => [name, warnings[i] ?? 0]));
      const counts = { events, rows: good.length, quarantined: bad.length, tombstones, warnings: byName };
      return { counts, good, bad };
    },
    write: (records, path, { signal } = {}) =>
      session.writeParquet(written, columns, path, { ...(signal && { signal }), parameters: [jsonRows(records)] }),
  };
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

/** The reason against a record on which the dataset's own SQL fails. */
const SQL_FAILED = "sql_failed";

/** What is wrong with values, as the engine calls it; a mistake in the SQL, or the machine, is nothing of a record's. */
const VALUE_ERROR = /^(Conversion|Out of Range|Invalid Input|Mismatch Type) Error/;

const isValueError = (error: unknown): error is PinlakeError<"QUERY_FAILED"> =>
  isPinlakeError(error, "QUERY_FAILED") && VALUE_ERROR.test(error.details.reason);

/** Without the place in a statement that nobody wrote. */
const failureDetail = (reason: string): string =>
  `The dataset's SQL fails on it: ${reason.split(/\n\s*\n|\nLINE /, 1)[0]?.trim()}`;

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
