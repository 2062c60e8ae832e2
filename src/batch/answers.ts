import { createHash } from "node:crypto";
import type { Answer } from "../define/answer.ts";
import type { ColumnType } from "../define/column-type.ts";
import type { Dataset } from "../define/dataset.ts";
import type { QueryEngine, QueryResult, QuerySession, SessionOptions } from "../engine/query-engine.ts";
import { dataType, structType } from "../engine/schema.ts";
import { PinlakeError } from "../errors.ts";
import { cleanTablePrefix } from "../quarantine/clean-table.ts";
import type { Snapshot, Table } from "../table/table.ts";
import { writeAnswerFiles } from "./answer-files.ts";
import { parameterRow } from "./parameters.ts";

export interface AnswerParts {
  readonly engine: QueryEngine;
  readonly openTable: (prefix: string) => Table;
  readonly datasets: readonly Dataset[];
  readonly answers: readonly Answer[];
  /** Where `<name>.json` and `<name>.csv` go. */
  readonly folder: string;
}

export interface AnswerOptions {
  readonly memory?: string;
  readonly signal?: AbortSignal;
}

export interface AnswerRun {
  readonly answer: string;
  readonly rows: number;
  /** The version that the run committed; undefined when the stored answer rests on the same versions already. */
  readonly version: number | undefined;
  /** The version of each table that it rests on. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** The table properties that say what an answer was computed from: table versions, and the text of the question. */
const INPUTS_PROPERTY = "pinlake.inputs";
const QUESTION_PROPERTY = "pinlake.question";

export const answerPrefix = (name: string): string => `answers/${name}`;

/** Computes answers over one set of table versions and stores each as a table and as files. */
export async function runAnswers(
  parts: AnswerParts,
  names: readonly string[] | undefined,
  options: AnswerOptions = {},
): Promise<AnswerRun[]> {
  const wanted = inOrder(parts.answers, names ?? parts.answers.map(({ name }) => name));
  const pinned = await tablesOf(parts, wanted);
  await using session = await parts.engine.session(sessionOptions(options));
  await definePinned(session, parts, pinned, options.signal);
  const runs: AnswerRun[] = [];
  for (const answer of wanted) {
    const result = await compute(session, answer, {}, options.signal);
    await session.defineRows(answer.name, result.columns, result.rows);
    if (names === undefined || names.includes(answer.name))
      runs.push(await store(session, parts, answer, result, { pinned, signal: options.signal }));
  }
  return runs;
}

/** One answer computed afresh with these parameters over the newest tables; nothing is stored. */
export async function computeAnswer(
  parts: AnswerParts,
  name: string,
  given: Readonly<Record<string, string>>,
  options: AnswerOptions = {},
): Promise<QueryResult> {
  const wanted = inOrder(parts.answers, [name]);
  await using session = await parts.engine.session(sessionOptions(options));
  await definePinned(session, parts, await tablesOf(parts, wanted), options.signal);
  for (const answer of wanted) {
    const result = await compute(session, answer, answer.name === name ? given : {}, options.signal);
    if (answer.name === name) return result;
    await session.defineRows(answer.name, result.columns, result.rows);
  }
  throw new PinlakeError("INTERNAL", { reason: `answer ${name} was not computed` });
}

/** An answer as it was stored last. Throws TABLE_NOT_FOUND when there is none yet. */
export async function storedAnswer(
  parts: AnswerParts,
  name: string,
  options: AnswerOptions = {},
): Promise<QueryResult> {
  const answer = answerNamed(parts.answers, name);
  const snapshot = await parts.openTable(answerPrefix(name)).snapshot();
  await using session = await parts.engine.session(sessionOptions(options));
  await snapshot.define(session, name, options.signal && { signal: options.signal });
  const columns = answer.columns.map((column) => session.quote(column.name)).join(", ");
  return session.query(`SELECT ${columns} FROM ${session.quote(name)}`, options.signal && { signal: options.signal });
}

const sessionOptions = ({ memory }: AnswerOptions): SessionOptions => (memory === undefined ? {} : { memory });

function answerNamed(answers: readonly Answer[], name: string): Answer {
  const found = answers.find((answer) => answer.name === name);
  if (found !== undefined) return found;
  throw new PinlakeError("UNKNOWN_NAME", { what: "answer", name, known: answers.map((answer) => answer.name) });
}

/** Those answers and the answers they read, each behind what it reads. */
export function inOrder(answers: readonly Answer[], names: readonly string[]): Answer[] {
  const ordered: Answer[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (ordered.some((answer) => answer.name === name)) return;
    if (path.includes(name))
      throw new PinlakeError("CONFIG_INVALID", {
        file: `answer "${name}"`,
        problems: [`from: ${[...path, name].join(" reads ")}: they wait for each other in a circle`],
      });
    const answer = answerNamed(answers, name);
    for (const other of answer.from) if (answers.some((one) => one.name === other)) visit(other, [...path, name]);
    ordered.push(answer);
  };
  for (const name of names) visit(name, []);
  return ordered;
}

type Pinned = ReadonlyMap<string, Snapshot>;

async function tablesOf({ openTable, datasets }: AnswerParts, answers: readonly Answer[]): Promise<Pinned> {
  const read = new Set(answers.flatMap(({ from }) => from));
  const pinned = new Map<string, Snapshot>();
  for (const { name } of datasets)
    if (read.has(name)) pinned.set(name, await openTable(cleanTablePrefix("batch", name)).snapshot());
  return pinned;
}

/** Each dataset under its own name, with its own columns. */
async function definePinned(
  session: QuerySession,
  { datasets }: AnswerParts,
  pinned: Pinned,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [name, snapshot] of pinned) {
    const columns = datasets.find((dataset) => dataset.name === name)?.columns ?? [];
    const stored = `${name}_with_positions`;
    await snapshot.define(session, stored, signal && { signal });
    await session.execute(
      `CREATE VIEW ${session.quote(name)} AS SELECT ${columns.map((column) => session.quote(column.name)).join(", ")} FROM ${session.quote(stored)}`,
    );
  }
}

async function compute(
  session: QuerySession,
  answer: Answer,
  given: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const params = parameterRow(answer, given);
  if (params !== undefined) await session.defineRows("params", params.columns, [params.row]);
  const result = await session.query(answer.sql, signal && { signal });
  const names = result.columns.map(({ name }) => name).join(", ");
  const declared = answer.columns.map(({ name }) => name).join(", ");
  if (names !== declared)
    throw new PinlakeError("CONFIG_INVALID", {
      file: `answer "${answer.name}"`,
      problems: [`columns: the SQL gives ${names}, declared are ${declared}`],
    });
  for (const [i, { name, type }] of declaredColumns(answer).entries()) {
    const found = JSON.stringify(result.columns[i]?.type);
    const expected = JSON.stringify(type);
    if (found !== expected)
      throw new PinlakeError("SCHEMA_MISMATCH", { table: `answer "${answer.name}"`, column: name, found, expected });
  }
  return result;
}

const declaredColumns = ({ columns }: Answer) =>
  columns.map(({ name, type }) => ({ name, type: dataType(type as ColumnType) }));

async function store(
  session: QuerySession,
  { openTable, answers, folder }: AnswerParts,
  answer: Answer,
  result: QueryResult,
  { pinned, signal }: { readonly pinned: Pinned; readonly signal: AbortSignal | undefined },
): Promise<AnswerRun> {
  const read = inOrder(answers, [answer.name]);
  const inputs = Object.fromEntries(
    [...pinned]
      .filter(([name]) => read.some(({ from }) => from.includes(name)))
      .map(([name, { version }]) => [name, version]),
  );
  const configuration = {
    [INPUTS_PROPERTY]: JSON.stringify(inputs),
    [QUESTION_PROPERTY]: createHash("sha256").update(JSON.stringify(read)).digest("hex"),
  };
  const table = openTable(answerPrefix(answer.name));
  const schema = structType(declaredColumns(answer));
  const before =
    (await table.find()) ??
    (await table.create({
      schema,
      description: answer.title,
      configuration: { "delta.isolationLevel": "Serializable" },
    }));
  const unchanged = Object.entries(configuration).every(([name, value]) => before.configuration[name] === value);
  const commit = unchanged
    ? undefined
    : await table.overwrite(
        { session, sql: `SELECT * FROM ${session.quote(answer.name)}` },
        { basedOn: before, schema, configuration, ...(signal && { signal }) },
      );
  await writeAnswerFiles(folder, answer.name, result);
  return { answer: answer.name, rows: result.rows.length, version: commit?.version, inputs };
}
