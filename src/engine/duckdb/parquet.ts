import type { ColumnStats, ParquetFile, SqlRow } from "../query-engine.ts";
import type { Column } from "../schema.ts";
import { renamed, type StoreAs } from "./renamed-columns.ts";
import { duckTypeName, quoteName } from "./types.ts";

/**
 * COPY of a query with every column cast to its Delta type, in schema order: DuckDB otherwise writes sums as DOUBLE,
 * naive timestamps as not UTC, and an untyped NULL as INT32. `to` is SQL for the path.
 */
export function copyStatement(
  sql: string,
  columns: readonly Column[],
  to: string,
  { rowGroupRows, storeAs }: { readonly rowGroupRows: number; readonly storeAs?: StoreAs | undefined },
): string {
  const casts = columns.map(({ name, type }, i) => `CAST(c${i} AS ${duckTypeName(type)}) AS ${quoteName(name)}`);
  const aliases = columns.map((_, i) => `c${i}`);
  const typed = `SELECT ${casts.join(", ")} FROM (\n${sql}\n) AS q(${aliases.join(", ")})`;
  const { select, fieldIds } =
    storeAs === undefined ? { select: typed, fieldIds: "" } : renamed(typed, columns, storeAs);
  return `COPY (${select}) TO ${to} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, RETURN_STATS${fieldIds})`;
}

/** The one row that COPY … RETURN_STATS gives. */
export function parquetFile(path: string, columns: readonly Column[], row: SqlRow): ParquetFile {
  const statistics = (row.column_statistics ?? new Map()) as ReadonlyMap<string, ReadonlyMap<string, string>>;
  return {
    path,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: Number(row.count),
    bytes: Number(row.file_size_bytes),
    stats: new Map([...statistics].map(([key, values]) => [leafName(key), columnStats(Object.fromEntries(values))])),
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
