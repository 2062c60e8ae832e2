import type { Dataset } from "../define/dataset.ts";
import { type SqlToken, sqlTokens } from "../define/portable-sql.ts";

const FALLIBLE_WORDS = new Set("cast abs day floor month substr year".split(" "));
const ARITHMETIC = new Set("+ - * / %".split(" "));
const COMPARING = new Set("= < > <= >= <> between in".split(" "));

/**
 * The columns on whose values the dataset's SQL may fail, such as `CAST(age AS INT)`. The portable functions give NULL
 * where they have no answer; numbers, and numbers beside texts, are what engines convert by themselves.
 */
export function fallibleColumns({ select, columns }: Pick<Dataset, "select" | "columns">): readonly string[] {
  const fallible = selectItems(select).filter(mayFail).map(outputName);
  return columns.map(({ name }) => name).filter((name) => fallible.includes(name.toLowerCase()));
}

function mayFail(item: readonly SqlToken[]): boolean {
  const words = item.map(({ text }) => text.toLowerCase());
  if (item.some(({ kind }) => kind === "number")) return true;
  if (words.some((word) => FALLIBLE_WORDS.has(word) || ARITHMETIC.has(word))) return true;
  return words.some((word) => COMPARING.has(word)) && words.some((word) => word.startsWith("parse_"));
}

const outputName = (item: readonly SqlToken[]): string => item.at(-1)?.text.toLowerCase() ?? "";

/** The parts of the select list. */
function selectItems(select: string): SqlToken[][] {
  const items: SqlToken[][] = [[]];
  let depth = 0;
  for (const token of sqlTokens(select).slice(1)) {
    if (depth === 0 && token.text.toLowerCase() === "from") break;
    if (token.text === "(") depth++;
    if (token.text === ")") depth--;
    if (token.text === "," && depth === 0) items.push([]);
    else items.at(-1)?.push(token);
  }
  return items;
}
