import { csvLines, type ResultPieces, type ResultTable, toCsv } from "../app/results.ts";

export type OutputFormat = "table" | "json" | "csv";

/** One document in the format asked for, its last line ended. */
export function formatRows(table: ResultTable, format: OutputFormat): string {
  if (format === "json") return `${JSON.stringify(asObjects(table))}\n`;
  return format === "csv" ? toCsv(table.columns, table.rows) : asText(table);
}

/** The same document as of all pieces together, as they come; only for people are they held until the last has come. */
export async function* formatPieces(pieces: ResultPieces, format: OutputFormat): AsyncGenerator<string> {
  if (format === "table") {
    const all = await Array.fromAsync(pieces);
    yield asText({ columns: all[0]?.columns ?? [], rows: all.flatMap(({ rows }) => rows) });
    return;
  }
  if (format === "csv") {
    let lines = toCsv;
    for await (const { columns, rows } of pieces) {
      yield lines(columns, rows);
      lines = (_, more) => csvLines(more);
    }
    return;
  }
  let separator = "[";
  for await (const piece of pieces) {
    let text = "";
    for (const row of asObjects(piece)) {
      text += separator + JSON.stringify(row);
      separator = ",";
    }
    yield text;
  }
  yield separator === "[" ? "[]\n" : "]\n";
}

export function asObjects({ columns, rows }: ResultTable): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));
}

const MAX_CELL = 120;

/** For people: columns aligned, numbers to the right, long text cut, control characters made visible. */
export function asText({ columns, rows }: ResultTable): string {
  const cells = rows.map((row) => row.map((value) => visible(asWord(value, "NULL"))));
  const widths = columns.map((column, i) =>
    cells.reduce((width, row) => Math.max(width, lengthOf(row[i] ?? "")), lengthOf(column)),
  );
  const right = columns.map((_, i) => rows.length > 0 && rows.every((row) => row[i] == null || isNumber(row[i])));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => {
        const pad = " ".repeat(Math.max(0, (widths[i] ?? 0) - lengthOf(cell)));
        return right[i] ? pad + cell : cell + pad;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return `${[line(columns), rule, ...cells.map(line)].join("\n")}\n`;
}

const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "bigint";
const lengthOf = (text: string): number => [...text].length;

function asWord(value: unknown, ifNull: string): string {
  if (value === null || value === undefined) return ifNull;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal must not obey what a record holds
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => (c === "\n" ? "⏎" : c === "\t" ? " " : "·"));
  const letters = [...plain];
  return letters.length <= MAX_CELL ? plain : `${letters.slice(0, MAX_CELL - 1).join("")}…`;
}
