import { rm } from "node:fs/promises";
import type { Dataset } from "../define/dataset.ts";
import { sqlTokens } from "../define/portable-sql.ts";
import { isPinlakeError } from "../errors.ts";
import { cleanColumns, cleaningSql } from "./clean-sql.ts";
import { fallibleColumns } from "./fallible-columns.ts";
import { missingLines, offsetRuns } from "./missing-lines.ts";
import { POSITION_COLUMNS } from "./quarantine-columns.ts";
import type { ParquetFile, QueryOptions, QuerySession } from "./query-engine.ts";
import type { ReadableFile } from "./readable-file.ts";
import type { RecordShape } from "./suspects.ts";

/** An object of records, one a line, made readable for the engine. */
export interface LinesFile extends ReadableFile {
  readonly topic: string;
  readonly partition: number;
  readonly startOffset: bigint;
}

export interface Accepted {
  /** The accepted rows: the dataset's columns, then their position. Undefined, and no file, when there are none. */
  readonly file: ParquetFile | undefined;
  /** For each input the numbers of the lines that were not accepted, rising. */
  readonly suspects: readonly (readonly number[])[];
}

/**
 * Lets the engine itself read the files and write, to `path`, the rows about which nothing is to be said. Every other
 * line is a suspect. Never accepts a row that a strict reading would refuse or read otherwise.
 */
export async function acceptLines(
  session: QuerySession,
  dataset: Dataset,
  shape: RecordShape,
  inputs: readonly LinesFile[],
  path: string,
  options: QueryOptions = {},
): Promise<Accepted> {
  const nothing = { file: undefined, suspects: inputs.map(({ lines }) => Array.from({ length: lines }, (_, i) => i)) };
  const files = inputs.filter(({ lines }) => lines > 0);
  if (files.length === 0 || !canDeclare(shape)) return nothing;
  const relation = rawRelation(session, dataset, shape, files);
  let file: ParquetFile;
  try {
    const sql = acceptingSql(session, dataset, relation.sql);
    file = await session.writeParquet(sql, cleanColumns(dataset), path, options);
  } catch (error) {
    if (isPinlakeError(error, "QUERY_FAILED") && !MISTAKE_IN_SQL.test(error.details.reason)) return nothing;
    throw error;
  }
  const suspects = await suspectsOf(session, inputs, file, relation.lines, options);
  if (suspects !== undefined && file.rows > 0) return { file, suspects };
  await rm(path, { force: true });
  return suspects === undefined ? nothing : { file: undefined, suspects };
}

/** The engine knows names without case, and one of them is its own. */
function canDeclare({ fields }: RecordShape): boolean {
  const names = fields.flatMap(({ spellings }) => spellings.map((name) => name.toLowerCase()));
  return new Set(names).size === names.length && !names.includes("file_index");
}

/** Longer lines are unusual. The engine makes its buffers of twice this size. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;

/** What no other reading of the files would mend. */
const MISTAKE_IN_SQL = /^(Binder|Catalog|Parser|Syntax) Error/;

/**
 * The lines of which the file has no row; undefined when the engine read other than a row for each line, for then rows
 * may have the offsets of others.
 */
async function suspectsOf(
  session: QuerySession,
  inputs: readonly LinesFile[],
  file: ParquetFile,
  lines: string,
  options: QueryOptions,
): Promise<readonly (readonly number[])[] | undefined> {
  const total = inputs.reduce((sum, input) => sum + input.lines, 0);
  const unusual = inputs.map((input) => input.unusual.map(({ line }) => line));
  // Rows are numbered as they are read: when the last has the last number, none was left out.
  const lastOffset = isOneStretch(inputs) ? (inputs[0] as LinesFile).startOffset + BigInt(total - 1) : undefined;
  const lastRead = lastOffset !== undefined && file.stats.get("_offset")?.max === String(lastOffset);
  if (lastRead && file.rows === total - unusual.flat().length) return unusual;
  const missing = missingLines(inputs, file.rows === 0 ? [] : await offsetRuns(session, file, options));
  if (missing.reduce((sum, { length }) => sum + length, file.rows) !== total) return undefined;
  const lastAt = inputs.findLastIndex((input) => input.lines > 0);
  if (missing[lastAt]?.at(-1) !== (inputs[lastAt]?.lines ?? 0) - 1) return missing;
  const [[read] = []] = (await session.query(`SELECT count(*) FROM ${lines}`, options)).rows;
  return Number(read) === total ? missing : undefined;
}

/** Whether each input begins where the one before ends. */
const isOneStretch = (inputs: readonly LinesFile[]): boolean =>
  inputs.every((input, i) => {
    const before = inputs[i - 1];
    if (before === undefined) return true;
    const { topic, partition, startOffset } = input;
    const end = before.startOffset + BigInt(before.lines);
    return topic === before.topic && partition === before.partition && startOffset === end;
  });

/** The rows of `raw` that are beyond doubt, cleaned. */
function acceptingSql(session: QuerySession, dataset: Dataset, raw: string): string {
  const position = POSITION_COLUMNS.map(({ name }) => name);
  const columns = cleanColumns(dataset).map(({ name }) => session.quote(name));
  const warned = dataset.warnings.map((_, i) => ` AND NOT _warning${i}`).join("");
  return `WITH raw AS NOT MATERIALIZED (${raw}),
    cleaned AS NOT MATERIALIZED (${cleaningSql(session, dataset, ["_odd", ...position])})
    SELECT ${columns.join(", ")} FROM ${computedOnce(dataset, "cleaned")} WHERE _reason IS NULL AND NOT _odd${warned}`;
}

/**
 * The engine moves a condition down to where its columns are computed, and computes them for it and once more. Not where
 * rows are numbered, as they must all be there. But then every row is computed, so none may make the SQL fail.
 */
const computedOnce = (dataset: Dataset, relation: string): string =>
  fallibleColumns(dataset).length > 0 ? relation : `(SELECT *, row_number() OVER () AS _number FROM ${relation})`;

/**
 * The files' lines, and as the relation `raw`: each field as text, whether one of them may be misread, and the record's
 * position. The rows are counted as they come, which is in the order of files and lines.
 */
function rawRelation(
  session: QuerySession,
  dataset: Dataset,
  { fields, key }: RecordShape,
  files: readonly LinesFile[],
): { readonly sql: string; readonly lines: string } {
  const { read, onlyParsed } = fieldsInUse(
    dataset,
    fields.map(({ name }) => name),
  );
  const used = fields.filter(({ name }) => read.has(name));
  const declared = used.flatMap(({ spellings }) => spellings.map((name) => `${session.quote(name)}: 'VARCHAR'`));
  const text = (spellings: readonly string[]) =>
    spellings.length === 1 ? session.quote(spellings[0] ?? "") : `coalesce(${spellings.map(session.quote).join(", ")})`;
  const list = fields.map(
    ({ name, spellings }) => `${read.has(name) ? text(spellings) : "CAST(NULL AS VARCHAR)"} AS ${session.quote(name)}`,
  );
  const respelled = files.some((file) => file.respelled);
  const odd = used
    .filter(({ name }) => respelled && !onlyParsed.has(name))
    .map(({ spellings }) => mayBeRespelled(text(spellings)));
  const others = used.filter(({ name }) => name !== key).map(({ spellings }) => text(spellings));
  const empty = others.length === 0 ? "false" : `coalesce(${others.join(", ")}) IS NULL`;
  const lines = `read_ndjson([${files.map(({ readable }) => session.literal(readable)).join(", ")}], columns = {${declared.join(", ")}}, hive_partitioning = false, maximum_object_size = ${MAX_LINE_BYTES + 1})`;
  return {
    lines,
    sql: `SELECT ${list.join(", ")}, ${[empty, ...odd].join(" OR ")} AS _odd, ${positions(session, files)} FROM ${lines}`,
  };
}

function positions(session: QuerySession, files: readonly LinesFile[]): string {
  const perFile = (values: readonly string[]) => {
    const [first = "NULL"] = values;
    return values.every((value) => value === first)
      ? first
      : `([${values.join(", ")}])[CAST(file_index AS INTEGER) + 1]`;
  };
  let rows = 0;
  const bases = files.map(({ startOffset, lines }) => {
    const base = startOffset - BigInt(rows) - 1n;
    rows += lines;
    return `CAST(${base} AS BIGINT)`;
  });
  return `${perFile(files.map(({ topic }) => session.literal(topic)))} AS _topic,
    CAST(${perFile(files.map(({ partition }) => String(partition)))} AS INTEGER) AS _partition,
    ${perFile(bases)} + row_number() OVER () AS _offset`;
}

/**
 * DuckDB writes fractions anew (1.10 as 1.1, -0 as 0): a text that looks like one is looked at again. The comparison first,
 * as this runs for each field of each row.
 */
function mayBeRespelled(text: string): string {
  const fraction = `regexp_full_match(${text}, '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?') AND regexp_matches(${text}, '[.eE]')`;
  return `CASE WHEN ${text} IS NULL OR ${text} >= ':' THEN false ELSE ${text} = '0' OR ${fraction} END`;
}

const PARSERS = new Set(["PARSE_BIGINT", "PARSE_DOUBLE"]);
const PRESENCE = new Set([...PARSERS, "FILLED", "BLANK"]);

/**
 * The fields that the SQL reads at all, and those that it reads only as numbers: how these are written makes no
 * difference.
 */
function fieldsInUse(dataset: Dataset, fields: readonly string[]) {
  const read = new Set<string>([dataset.record.key]);
  const asText = new Set<string>();
  const look = (
    sql: string,
    harmless: ReadonlySet<string>,
    isField: (before: string | undefined, at: number) => boolean,
  ) => {
    const tokens = sqlTokens(sql).map(({ text }) => text);
    for (const [i, token] of tokens.entries()) {
      const name = fields.find((field) => field.toLowerCase() === token.replaceAll('"', "").toLowerCase());
      if (name === undefined || !isField(tokens[i - 1], i)) continue;
      read.add(name);
      const start = tokens[i - 1] === "." ? i - 2 : i;
      const called =
        tokens[start - 1] === "(" && tokens[i + 1] === ")" && harmless.has(tokens[start - 2]?.toUpperCase() ?? "");
      const presence = harmless === PRESENCE && tokens[i + 1]?.toUpperCase() === "IS";
      if (!called && !presence) asText.add(name);
    }
  };
  look(dataset.select, PARSERS, (before) => before?.toUpperCase() !== "AS");
  for (const { when } of [...dataset.checks, ...dataset.warnings]) look(when, PRESENCE, (before) => before === ".");
  return { read, onlyParsed: new Set([...read].filter((name) => !asText.has(name))) };
}
