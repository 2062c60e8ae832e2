import { type SqlToken, sqlTokens } from "../../../define/portable-sql.ts";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { Column, DataType, StructType } from "../../../engine/schema.ts";
import type { KeyRange } from "../files/skipping.ts";

const WHOLE = new Set(["long", "integer", "short", "byte"]);
const RANGED = new Set([...WHOLE, "string", "date", "timestamp"]);

/** A column of the table that equals one of the source. */
export interface EqualColumns {
  readonly target: string;
  readonly source: string;
}

/** Between which values the source's keys lie, for the columns where that can be compared with stats. */
export async function sourceRanges(
  session: QuerySession,
  { name, columns }: { readonly name: string; readonly columns: readonly Column[] },
  equal: readonly EqualColumns[],
  schema: StructType,
): Promise<KeyRange[]> {
  const q = session.quote;
  const find = <C extends Column>(all: readonly C[], wanted: string) =>
    all.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
  const ranged = equal.flatMap((one) => {
    const [field, from] = [find(schema.fields, one.target), find(columns, one.source)];
    return field && from && comparedAs(field.type, from.type) ? [{ field, source: from.name }] : [];
  });
  if (ranged.length === 0) return [];
  const bounds = ranged.flatMap(({ field, source }) => {
    const value = `TRY_CAST(${q(source)} AS ${session.typeName(field.type)})`;
    return [`min(${value})`, `max(${value})`];
  });
  const [row = []] = (await session.query(`SELECT ${bounds.join(", ")} FROM ${q(name)}`)).rows;
  return ranged.flatMap(({ field }, i) => {
    const [min = null, max = null] = row.slice(2 * i, 2 * i + 2);
    return min === null || max === null ? [] : [{ column: field.name, min, max }];
  });
}

/** Whether a value of the other type equals a stored one only where it is the same value of the stored type: '07' is 7, too. */
const comparedAs = (stored: DataType, other: DataType): boolean =>
  RANGED.has(stored as string) &&
  (stored === other || other === "string" || (WHOLE.has(stored as string) && WHOLE.has(other as string)));

/** The columns that a condition over `source` and `target` wants equal, whatever else it wants. */
export function equalColumns(on: string): EqualColumns[] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  /** BETWEENs whose AND is still to come. */
  let betweens = 0;
  let before = "";
  for (const token of sqlTokens(on)) {
    const text = before === "." ? "a name" : token.text.toUpperCase();
    before = token.text;
    if (OPENING.has(text)) depth++;
    if (CLOSING.has(text)) depth--;
    if (depth === 0 && text === "OR") return [];
    if (depth === 0 && text === "BETWEEN") betweens++;
    const isAnd = depth === 0 && text === "AND";
    if (isAnd && betweens === 0) parts.push([]);
    else parts.at(-1)?.push(token);
    if (isAnd && betweens > 0) betweens--;
  }
  return parts.flatMap((tokens) => {
    const [one, , column, , another, , other] = tokens.map(({ text }) => text);
    const shape = tokens.map(({ kind, text }) => (kind === "sign" ? text : "name")).join(" ");
    if (shape !== "name . name = name . name") return [];
    const [left, right] = [one?.toLowerCase(), another?.toLowerCase()];
    const [first, second] = [unquoted(column as string), unquoted(other as string)];
    if (left === "target" && right === "source") return [{ target: first, source: second }];
    return left === "source" && right === "target" ? [{ target: second, source: first }] : [];
  });
}

const OPENING = new Set(["(", "[", "{", "CASE"]);
const CLOSING = new Set([")", "]", "}", "END"]);

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
