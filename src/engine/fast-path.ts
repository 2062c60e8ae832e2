import type { Dataset } from "../define/dataset.ts";
import { sqlTokens } from "../define/portable-sql.ts";
import { isPinlakeError } from "../errors.ts";
import { cleaningSql } from "./clean-sql.ts";
import type { QueryOptions, QuerySession } from "./query-engine.ts";
import { type ReadableFile, readableFile } from "./scan-lines.ts";
import { isPlainObject, type RecordShape } from "./suspects.ts";

/** An object of records, one a line. */
export interface LinesInput {
  readonly topic: string;
  readonly partition: number;
  readonly path: string;
  readonly startOffset: bigint;
}

export interface FastPathOptions extends QueryOptions {
  /** Name of the table that the rows are read into. */
  readonly into: string;
  readonly tempFolder: string;
}

export interface Accepted {
  readonly rows: number;
  /** Gives the accepted rows: the dataset's columns, then their position. */
  readonly select: string;
  /** For each input the numbers of the lines that were not accepted, rising. */
  readonly suspects: readonly (readonly number[])[];
}

/**
 * Lets the engine itself read the files, and accepts rows about which nothing is to be said.
 * Every other line is a suspect. Never accepts a row that a strict reading would refuse or read otherwise.
 */
export async function acceptLines(
  session: QuerySession,
  dataset: Dataset,
  shape: RecordShape,
  inputs: readonly LinesInput[],
  options: FastPathOptions,
): Promise<Accepted> {
  if (!canDeclare(shape)) return { rows: 0, select: "", suspects: [] };
  const prepared = (certain?: (line: Uint8Array) => boolean) =>
    inOrder(inputs, (input) => readableFile(input.path, options.tempFolder, certain));
  const accepted = await tryToRead(session, dataset, shape, inputs, await prepared(), options);
  if (accepted !== undefined) return accepted;
  const certain = await prepared(isPlainObject);
  const all = () => certain.map(({ lines }) => Array.from({ length: lines }, (_, line) => line));
  const second = await tryToRead(session, dataset, shape, inputs, certain, options);
  return second ?? { rows: 0, select: "", suspects: all() };
}

/** The engine knows names without case, and one of them is its own. */
function canDeclare({ fields }: RecordShape): boolean {
  const names = fields.flatMap(({ spellings }) => spellings.map((name) => name.toLowerCase()));
  return new Set(names).size === names.length && !names.includes("file_index");
}

/** What no other reading of the files would mend. */
const MISTAKE_IN_SQL = /^(Binder|Catalog|Parser|Syntax) Error/;

/** undefined where a file cannot be read, or gave other than a row for each line. */
async function tryToRead(
  session: QuerySession,
  dataset: Dataset,
  shape: RecordShape,
  inputs: readonly LinesInput[],
  files: readonly ReadableFile[],
  options: FastPathOptions,
): Promise<Accepted | undefined> {
  const into = session.quote(options.into);
  const firstRows: number[] = [];
  let total = 0;
  for (const { lines } of files) {
    firstRows.push(total);
    total += lines;
  }
  const perFile = (values: readonly string[]) => {
    const [first = "NULL"] = values;
    return values.every((value) => value === first) ? first : `([${values.join(", ")}])[_file + 1]`;
  };
  const columns = dataset.columns.map(({ name }) => session.quote(name));
  const warned = dataset.warnings.map((_, i) => ` AND NOT _warning${i}`).join("");
  try {
    await session.execute(
      `${rawView(session, dataset, shape, files)};
       CREATE OR REPLACE TABLE ${into} AS
       SELECT ${columns.join(", ")}, CAST(_file AS INTEGER) AS _file, _reason IS NULL AND NOT _odd${warned} AS _sure
       FROM (${cleaningSql(session, dataset, ["_file", "_odd"])})`,
      options,
    );
  } catch (error) {
    if (isPinlakeError(error, "QUERY_FAILED") && !MISTAKE_IN_SQL.test(error.details.reason)) return undefined;
    throw error;
  } finally {
    await session.execute("DROP VIEW IF EXISTS raw");
  }
  const [[rows] = []] = (await session.query(`SELECT count(*) FROM ${into}`, options)).rows;
  if (Number(rows) !== total) return undefined;
  const refused = await session.query(`SELECT rowid FROM ${into} WHERE NOT _sure ORDER BY rowid`, options);
  const suspects: number[][] = files.map(() => []);
  let file = 0;
  for (const [row] of refused.rows) {
    while (Number(row) >= (firstRows[file] ?? 0) + (files[file]?.lines ?? 0)) file++;
    suspects[file]?.push(Number(row) - (firstRows[file] ?? 0));
  }
  const base = perFile(
    inputs.map(({ startOffset }, i) => `CAST(${startOffset - BigInt(firstRows[i] ?? 0)} AS BIGINT)`),
  );
  const select = `SELECT ${columns.join(", ")},
      ${perFile(inputs.map(({ topic }) => session.literal(topic)))} AS _topic,
      CAST(${perFile(inputs.map(({ partition }) => String(partition)))} AS INTEGER) AS _partition, ${base} + rowid AS _offset
    FROM ${into}${refused.rows.length === 0 ? "" : " WHERE _sure"}`;
  return { rows: total - refused.rows.length, select, suspects };
}

/** The files as the relation `raw`: each field as text, the number of the file, and whether the text may be misread. */
function rawView(
  session: QuerySession,
  dataset: Dataset,
  { fields, key }: RecordShape,
  files: readonly ReadableFile[],
): string {
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
  return `CREATE OR REPLACE VIEW raw AS SELECT ${list.join(", ")}, file_index AS _file, ${[empty, ...odd].join(" OR ")} AS _odd
    FROM read_ndjson([${files.map(({ path }) => session.literal(path)).join(", ")}], columns = {${declared.join(", ")}}, hive_partitioning = false)`;
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

/** One after another: files of an object's size fill the memory otherwise. */
async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
