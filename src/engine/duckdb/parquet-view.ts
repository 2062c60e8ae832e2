import { createHash } from "node:crypto";
import { PinlakeError } from "../../errors.ts";
import { ownValue } from "../../own-value.ts";
import type { ParquetInput, ParquetViewOptions, QuerySession } from "../query-engine.ts";
import type { Column } from "../schema.ts";
import {
  type FileColumns,
  fileColumns,
  knownColumns,
  parquetSchema,
  readFile,
  schemasQuery,
} from "./parquet-schema.ts";
import { storedColumn } from "./stored-columns.ts";
import { duckTypeName, quoteName, quoteText } from "./types.ts";

/** What the files of one SELECT have in common. */
interface FileGroup {
  readonly files: string[];
  /** Where each stands among all files. */
  readonly numbers: number[];
  readonly columns: FileColumns;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly withoutRows: readonly number[];
  readonly onlyRows: readonly number[] | undefined;
}

/** SQL for the rows of Parquet files, columns by what the files call them, cast; what a file lacks is NULL. */
export async function parquetViewSql(
  session: Pick<QuerySession, "query" | "describe">,
  columns: readonly Column[],
  inputs: readonly ParquetInput[],
  options: ParquetViewOptions,
): Promise<string> {
  const found = await columnsOfFiles(session, inputs);
  const groups = groupFiles(inputs, found);
  await checkRowNumbers(session, groups, options);
  return selectFromGroups(columns, groups, options);
}

async function columnsOfFiles(
  session: Pick<QuerySession, "query" | "describe">,
  inputs: readonly ParquetInput[],
): Promise<ReadonlyMap<string, FileColumns>> {
  const byFile = new Map<string, FileColumns>();
  const byDigest = new Map<string, FileColumns>();
  const unknown: string[] = [];
  for (const { path, columns } of inputs)
    if (columns === undefined) unknown.push(path);
    else byFile.set(path, knownColumns(columns));
  if (unknown.length === 0) return byFile;
  for (const row of (await session.query(schemasQuery(unknown))).rows) {
    const schema = parquetSchema(row);
    const known = byDigest.get(schema.digest) ?? fileColumns(await session.describe(readFile(schema.path)), schema);
    byDigest.set(schema.digest, known);
    byFile.set(schema.path, known);
  }
  return byFile;
}

/** Files of the same schema and partition values go into one group, in order of first appearance. */
function groupFiles(inputs: readonly ParquetInput[], found: ReadonlyMap<string, FileColumns>): FileGroup[] {
  const groups = new Map<string, FileGroup>();
  for (const [number, { path, partitionValues = {}, withoutRows = [], onlyRows }] of inputs.entries()) {
    const columns = found.get(path) ?? knownColumns([]);
    const own = withoutRows.length > 0 || onlyRows !== undefined ? number : undefined;
    const key = createHash("sha256")
      .update(JSON.stringify([columns.digest, partitionValues, own]))
      .digest("base64");
    const group = groups.get(key) ?? { files: [], numbers: [], columns, partitionValues, withoutRows, onlyRows };
    group.files.push(path);
    group.numbers.push(number);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A row number beyond a file's end was meant for another file. */
async function checkRowNumbers(
  session: Pick<QuerySession, "query">,
  groups: readonly FileGroup[],
  { rowNumber }: ParquetViewOptions,
): Promise<void> {
  const named = ({ withoutRows, onlyRows = [] }: FileGroup) => [...withoutRows, ...onlyRows];
  for (const group of groups) {
    const [file = ""] = group.files;
    if ((rowNumber !== undefined || named(group).length > 0) && has(group.columns, "file_row_number"))
      fail(readFile(file), `${file} has a column file_row_number, so that its rows cannot be told apart`);
  }
  const numbered = groups.filter((group) => named(group).length > 0);
  if (numbered.length === 0) return;
  const files = numbered.flatMap(({ files: of }) => of);
  const sql = `SELECT file_name, num_rows FROM parquet_file_metadata([${files.map(quoteText).join(", ")}])`;
  const rows = new Map((await session.query(sql)).rows.map(([file, count]) => [file, Number(count)]));
  for (const group of numbered) {
    const [file = ""] = group.files;
    const last = named(group).reduce((a, b) => Math.max(a, b), -1);
    if (last >= (rows.get(file) ?? 0)) fail(sql, `${file} has ${rows.get(file)} rows, and row ${last} is named`);
  }
}

function fail(sql: string, reason: string): never {
  throw new PinlakeError("QUERY_FAILED", { sql, reason });
}

const has = ({ fields }: FileColumns, column: string) => fields.some(({ name }) => name.toLowerCase() === column);

/** DuckDB tells by `file_index` where a row's file stands in its list, unless a column of the files has that name. */
function numberOf({ numbers, columns }: FileGroup): string {
  const [first = 0] = numbers;
  if (has(columns, "file_index")) return String(first);
  // An addition costs next to nothing, looking each row's number up does not.
  if (numbers.every((number, i) => number === first + i)) return `CAST(file_index AS INTEGER) + ${first}`;
  return `[${numbers.join(", ")}][CAST(file_index AS BIGINT) + 1]`;
}

const oneByOne = (group: FileGroup): FileGroup[] =>
  group.files.map((file, i) => ({ ...group, files: [file], numbers: group.numbers.slice(i, i + 1) }));

function selectFromGroups(
  columns: readonly Column[],
  groups: readonly FileGroup[],
  { fileNumber, rowNumber, storedAs = ({ name }) => name }: ParquetViewOptions,
): string {
  const typed = (text: string, { name, type }: Column) =>
    `CAST(${text} AS ${duckTypeName(type)}) AS ${quoteName(name)}`;
  const numbers = (file: string, row: string) => [
    ...(fileNumber === undefined ? [] : [typed(file, { name: fileNumber, type: "integer" })]),
    ...(rowNumber === undefined ? [] : [typed(row, { name: rowNumber, type: "integer" })]),
  ];
  if (groups.length === 0)
    return `SELECT ${[...columns.map((column) => typed("NULL", column)), ...numbers("NULL", "NULL")].join(", ")} WHERE false`;
  return groups
    .flatMap((group) => (fileNumber === undefined || !has(group.columns, "file_index") ? [group] : oneByOne(group)))
    .map((group) => {
      const { files, partitionValues, withoutRows, onlyRows } = group;
      const from = files.map(quoteText).join(", ");
      const value = (column: Column): string => {
        const constant = ownValue(partitionValues, column.name);
        if (constant !== undefined) return constant === null ? "NULL" : literal(constant, column);
        try {
          return storedColumn(group.columns.fields, column, storedAs);
        } catch (error) {
          return fail(readFile(files[0] ?? ""), `${files[0]}: ${(error as Error).message}`);
        }
      };
      const values = [
        ...columns.map((column) => typed(value(column), column)),
        ...numbers(numberOf(group), "file_row_number"),
      ];
      const conditions = [
        ...(withoutRows.length === 0 ? [] : [`file_row_number NOT IN ${numberList(withoutRows)}`]),
        ...(onlyRows === undefined ? [] : [`file_row_number IN ${numberList(onlyRows)}`]),
      ];
      const numbered = conditions.length > 0 || rowNumber !== undefined ? ", file_row_number = true" : "";
      const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
      return `SELECT ${values.join(", ")} FROM read_parquet([${from}], hive_partitioning = false${numbered})${where}`;
    })
    .join("\nUNION ALL ");
}

const literal = (text: string, { type }: Column) =>
  type === "binary" ? `encode(${quoteText(text)})` : quoteText(text);

/** One text instead of many numbers: a statement with a million of them would take the planner minutes. */
const numberList = (rows: readonly number[]): string =>
  `(SELECT unnest(from_json('[${rows.join(",")}]', '["BIGINT"]')))`;
