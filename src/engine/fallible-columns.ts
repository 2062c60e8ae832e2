import type { Dataset } from "../define/dataset.ts";
import { type SqlToken, sqlTokens } from "../define/portable-sql.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** These give NULL where they have no answer. */
const PARSING = words("coordinates parse_bigint parse_count parse_double parse_timestamp");
const OF_TEXTS = words("coalesce filled replace without_prefix");
const CHOOSING = words("case when then else end null is not in");
const COMPARING = words("= <> is in");

/**
 * The columns on whose values the dataset's SQL may fail, such as `CAST(age AS INT)`: all but those known not to. Where
 * types differ, or a text stands in a condition's place, engines convert by themselves, and fail at some record.
 */
export function fallibleColumns(dataset: Pick<Dataset, "select" | "columns" | "record">): readonly string[] {
  const fields = new Set(["raw", ...Object.keys(dataset.record.fields).map((name) => name.toLowerCase())]);
  const fallible = selectItems(dataset.select).filter((item) => {
    const said = withoutAlias(item).map(({ kind, text }): Said => {
      const name = text.toLowerCase();
      return { kind: fields.has(name) ? "field" : kind, name };
    });
    return !parses(said) && !staysText(said);
  });
  const names = fallible.map((item) => item.at(-1)?.text.toLowerCase());
  return dataset.columns.map(({ name }) => name).filter((name) => names.includes(name.toLowerCase()));
}

interface Said {
  readonly kind: SqlToken["kind"] | "field";
  readonly name: string;
}

const withoutAlias = (item: readonly SqlToken[]): readonly SqlToken[] =>
  item.at(-2)?.text.toLowerCase() === "as" ? item.slice(0, -2) : item;

/** Fields, and what parses them as they are. */
const parses = (said: readonly Said[]): boolean =>
  said.every(({ kind, name }) => kind === "field" || PARSING.has(name) || "(),.".includes(name));

/** Texts made of texts, and choices among them by one comparison each. */
function staysText(said: readonly Said[]): boolean {
  /** Of the condition that is being read. */
  let comparisons: number | undefined;
  return said.every(({ kind, name }, i) => {
    if (name === "case") return said[i + 1]?.name === "when";
    if (name === "then" && comparisons !== 1) return false;
    if (name === "when") comparisons = 0;
    if (name === "then") comparisons = undefined;
    if (COMPARING.has(name)) {
      if (comparisons === undefined) return false;
      comparisons++;
    }
    if (name === "not") return said[i - 1]?.name === "is" || said[i + 1]?.name === "in";
    const known = CHOOSING.has(name) || OF_TEXTS.has(name) || COMPARING.has(name) || "(),.||".includes(name);
    return kind === "field" || kind === "text" || known;
  });
}

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
