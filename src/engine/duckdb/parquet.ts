import { createHash } from "node:crypto";
import type { ColumnStats, ParquetFile, ParquetInput, SqlRow } from "../query-engine.ts";
import type { Column } from "../schema.ts";
import { duckTypeName, quoteName, quoteText } from "./types.ts";

/**
 * COPY of a query with every column cast to its Delta type, in schema order: DuckDB otherwise writes sums as DOUBLE,
 * naive timestamps as not UTC, and an untyped NULL as INT32. `to` is SQL for the path.
 */
export function copyStatement(sql: string, columns: readonly Column[], to: string, rowGroupRows: number): string {
  const casts = columns.map(({ name, type }, i) => `CAST(c${i} AS ${duckTypeName(type)}) AS ${quoteName(name)}`);
  const aliases = columns.map((_, i) => `c${i}`);
  return `COPY (SELECT ${casts.join(", ")} FROM (\n${sql}\n) AS q(${aliases.join(", ")})) TO ${to} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, RETURN_STATS)`;
}

/** The one row that COPY … RETURN_STATS gives, with maps as objects. */
export function parquetFile(path: string, columns: readonly Column[], row: SqlRow): ParquetFile {
  const statistics = (row.column_statistics ?? {}) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  return {
    path,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: Number(row.count),
    bytes: Number(row.file_size_bytes),
    stats: new Map(Object.entries(statistics).map(([key, values]) => [leafName(key), columnStats(values)])),
  };
}

function columnStats(values: Readonly<Record<string, string>>): ColumnStats {
  return {
    ...(values.min === undefined ? {} : { min: values.min }),
    ...(values.max === undefined ? {} : { max: values.max }),
    ...(values.null_count === undefined ? {} : { nullCount: Number(values.null_count) }),
    ...(values.has_nan === undefined ? {} : { hasNan: values.has_nan === "true" }),
  };
}

/** `"s"."x"` as `s.x`. */
function leafName(key: string): string {
  const parts = [...key.matchAll(/"((?:[^"]|"")*)"/g)].map(([, name]) => (name ?? "").replaceAll('""', '"'));
  return parts.length === 0 ? key : parts.join(".");
}

/** What the files of one SELECT have in common: the physical columns, and the values of partition columns. */
export interface FileGroup {
  readonly files: readonly string[];
  /** Where each stands among all files. */
  readonly numbers: readonly number[];
  readonly found: readonly string[];
  readonly partitionValues: Readonly<Record<string, string | null>>;
}

/** Rows of `parquet_schema` over many files: the columns at the top of each, and a digest of the whole schema. */
export const fileColumnsQuery = (files: readonly string[]): string =>
  `SELECT file_name, list(name ORDER BY column_id), list(concat_ws(' ', name, type, duckdb_type, logical_type, num_children) ORDER BY column_id), list(num_children ORDER BY column_id) FROM parquet_schema([${files.map(quoteText).join(", ")}]) GROUP BY file_name`;

export type FileColumnsRow = readonly [string, readonly string[], readonly string[], readonly (bigint | null)[]];

/** The row of a file whose columns are known. */
export const knownColumnsRow = (path: string, columns: readonly Column[]): FileColumnsRow => [
  path,
  ["", ...columns.map(({ name }) => name)],
  columns.map(({ name, type }) => `${name} ${duckTypeName(type)}`),
  [],
];

/** Files of the same schema and partition values go into one group, in order of first appearance. */
export function groupFiles(inputs: readonly ParquetInput[], schemas: readonly FileColumnsRow[]): FileGroup[] {
  const byFile = new Map(schemas.map((row) => [row[0], row]));
  const groups = new Map<string, FileGroup & { files: string[]; numbers: number[] }>();
  for (const [number, { path, partitionValues = {} }] of inputs.entries()) {
    const row = byFile.get(path);
    const key = createHash("sha256")
      .update(JSON.stringify([row?.[2], partitionValues]))
      .digest("base64");
    const group = groups.get(key) ?? {
      files: [],
      numbers: [],
      found: row === undefined ? [] : topLevel(row),
      partitionValues,
    };
    group.files.push(path);
    group.numbers.push(number);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** parquet_schema is a tree in preorder whose first row is the root. */
function topLevel([, names, , children]: FileColumnsRow): string[] {
  const size = (at: number): number => {
    let next = at + 1;
    for (let i = 0; i < Number(children[at] ?? 0); i++) next += size(next);
    return next - at;
  };
  const found: string[] = [];
  for (let at = 1; at < names.length; at += size(at)) found.push(names[at] ?? "");
  return found;
}

/** DuckDB tells by `file_index` where a row's file stands in its list, unless a column of the files has that name. */
const numbersFiles = (found: readonly string[]) => !found.some((name) => name.toLowerCase() === "file_index");
const numberOf = (numbers: readonly number[], found: readonly string[]): string =>
  numbersFiles(found) ? `[${numbers.join(", ")}][CAST(file_index AS BIGINT) + 1]` : String(numbers[0]);

const oneByOne = ({ files, numbers, ...same }: FileGroup): FileGroup[] =>
  files.map((file, i) => ({ ...same, files: [file], numbers: numbers.slice(i, i + 1) }));

/** A SELECT over all groups, columns by name; what a file lacks is NULL. `fileNumber` names a further column. */
export function selectFromGroups(
  columns: readonly Column[],
  groups: readonly FileGroup[],
  fileNumber?: string,
): string {
  const typed = (text: string, { name, type }: Column) =>
    `CAST(${text} AS ${duckTypeName(type)}) AS ${quoteName(name)}`;
  const number = (text: string) =>
    fileNumber === undefined ? [] : [typed(text, { name: fileNumber, type: "integer" })];
  if (groups.length === 0)
    return `SELECT ${[...columns.map((column) => typed("NULL", column)), ...number("NULL")].join(", ")} WHERE false`;
  return groups
    .flatMap((group) => (fileNumber === undefined || numbersFiles(group.found) ? [group] : oneByOne(group)))
    .map(({ files, numbers, found, partitionValues }) => {
      const values = columns.map((column) => {
        const constant = partitionValues[column.name];
        if (constant !== undefined) return typed(constant === null ? "NULL" : quoteText(constant), column);
        return typed(found.includes(column.name) ? quoteName(column.name) : "NULL", column);
      });
      values.push(...number(numberOf(numbers, found)));
      return `SELECT ${values.join(", ")} FROM read_parquet([${files.map(quoteText).join(", ")}], hive_partitioning = false)`;
    })
    .join("\nUNION ALL ");
}
