import { type SqlToken, sqlTokens } from "../../define/portable-sql.ts";
import type { QuerySession } from "../../engine/query-engine.ts";
import type { StructType } from "../../engine/schema.ts";
import type { KeyRange } from "./skipping.ts";

const RANGED = new Set(["string", "long", "integer", "short", "byte", "date", "timestamp"]);

/** A column of the table that equals one of the source. */
export interface EqualColumns {
  readonly target: string;
  readonly source: string;
}

/** Between which values the source's keys lie, for the columns where that can be compared with stats. */
export async function sourceRanges(
  session: QuerySession,
  source: string,
  equal: readonly EqualColumns[],
  schema: StructType,
): Promise<KeyRange[]> {
  const q = session.quote;
  const ranged = equal.flatMap((one) => {
    const field = schema.fields.find(({ name }) => name.toLowerCase() === one.target.toLowerCase());
    return field !== undefined && RANGED.has(field.type as string) ? [{ field, source: one.source }] : [];
  });
  if (ranged.length === 0) return [];
  // As values of the table's type: that is how they are compared.
  const bounds = ranged.map(({ field, source: column }) => {
    const value = `TRY_CAST(${q(column)} AS ${session.typeName(field.type)})`;
    return `min(${value}), max(${value}), count(*) FILTER (${q(column)} IS NOT NULL AND ${value} IS DISTINCT FROM ${q(column)})`;
  });
  const [row = []] = (await session.query(`SELECT ${bounds.join(", ")} FROM ${q(source)}`)).rows;
  return ranged.flatMap(({ field }, i) => {
    const [min = null, max = null, others] = row.slice(3 * i, 3 * i + 3);
    return min === null || max === null || Number(others) > 0 ? [] : [{ column: field.name, min, max }];
  });
}

/** The columns that a condition over `source` and `target` wants equal, whatever else it wants. */
export function equalColumns(on: string): EqualColumns[] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of sqlTokens(on)) {
    const text = token.text.toUpperCase();
    if (text === "(") depth++;
    if (text === ")") depth--;
    if (depth === 0 && text === "OR") return [];
    if (depth === 0 && text === "AND") parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.flatMap((tokens) => {
    const [, one, column = "", another, other = ""] =
      /^(source|target)\.(\S+) = (source|target)\.(\S+)$/i.exec(spelled(tokens)) ?? [];
    if (one === undefined || one.toLowerCase() === another?.toLowerCase()) return [];
    return [
      one.toLowerCase() === "target"
        ? { target: unquoted(column), source: unquoted(other) }
        : { target: unquoted(other), source: unquoted(column) },
    ];
  });
}

/** With a space around what compares, and none else. */
const spelled = (tokens: readonly SqlToken[]): string =>
  tokens.map(({ text }) => (text === "=" ? " = " : text)).join("");

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
