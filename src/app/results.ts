import { csvLines, type JsonValue, toCsv, toJsonValue } from "../engine/format.ts";
import type { QueryResult } from "../engine/query-engine.ts";

export { csvLines, type JsonValue, toCsv };

/** A result piece by piece, at least one, all with the same columns. */
export type ResultPieces = AsyncIterable<ResultTable>;

/** A result in its JSON forms, each row in column order. */
export interface ResultTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly JsonValue[])[];
}

export function resultTable({ columns, rows }: QueryResult): ResultTable {
  return {
    columns: columns.map(({ name }) => name),
    rows: rows.map((row) => columns.map(({ type }, i) => toJsonValue(type, row[i] ?? null))),
  };
}
