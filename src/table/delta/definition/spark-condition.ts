import { type SqlToken, sqlTokens } from "../../../define/portable-sql.ts";

/** What a condition is about: its columns, and how the engine spells them and texts. */
export interface ConditionScope {
  readonly columns: readonly string[];
  column(name: string): string;
  quote(name: string): string;
  literal(text: string): string;
}

export interface Condition {
  readonly sql: string;
  /** Those it mentions. */
  readonly columns: readonly string[];
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const KEYWORDS = words("and or not is null true false in between case when then else end");
/** Of those that mean the same on every engine; casts and cuts of texts do not. */
const FUNCTIONS = words("abs coalesce day floor length month nullif replace year");
const SIGNS = words("( ) , . + - * / % = < > <= >= <> !=");

/**
 * A condition in Spark's SQL, spelled for our engine; a text says what in it may not mean the same there. Only what is known to
 * is let through, word by word.
 */
export function sparkCondition(expression: string, scope: ConditionScope): Condition | string {
  const tokens = sqlTokens(expression);
  const used = new Set<string>();
  const parts: string[] = [];
  if (tokens.length === 0) return "it is empty";
  for (const at of tokens.keys()) {
    const part = spelled(tokens, at, scope);
    if ("problem" in part) return part.problem;
    if (part.column !== undefined) used.add(part.column);
    // Spark's == is one sign.
    if (part.sql !== "=" || parts.at(-1) !== "=") parts.push(part.sql);
  }
  return { sql: parts.join(" "), columns: [...used] };
}

type Part = { readonly sql: string; readonly column?: string } | { readonly problem: string };

function spelled(tokens: readonly SqlToken[], at: number, scope: ConditionScope): Part {
  const { kind, text } = tokens[at] as SqlToken;
  const before = tokens[at - 1];
  const next = tokens[at + 1];
  const unknown = { problem: `${text} is not known to mean the same in Spark and here` };
  switch (kind) {
    case "text":
      return text.includes("\\") ? unknown : { sql: text };
    case "quoted":
      // Spark's names stand in backticks; what stands in double quotes is a text.
      if (text.startsWith("`")) return named(text.slice(1, -1).replaceAll("``", "`"), before, scope);
      return /['\\]|""/.test(text) ? unknown : { sql: scope.literal(text.slice(1, -1)) };
    case "number":
      return { sql: text };
    case "sign":
      if (!SIGNS.has(text)) return unknown;
      // Spark fails where it would divide by nothing.
      if ((text === "/" || text === "%") && !(next?.kind === "number" && Number(next.text) !== 0)) return unknown;
      return { sql: text };
    default:
      return word(tokens, at, scope) ?? named(text, before, scope);
  }
}

/** undefined for a name. */
function word(tokens: readonly SqlToken[], at: number, scope: ConditionScope): Part | undefined {
  const { text } = tokens[at] as SqlToken;
  const [before, next] = [tokens[at - 1]?.text, tokens[at + 1]];
  const lower = text.toLowerCase();
  if (before === ".") return undefined;
  if (next?.text === "(" && !KEYWORDS.has(lower))
    return FUNCTIONS.has(lower)
      ? { sql: lower }
      : { problem: `the function ${text} is not known to be the same in Spark` };
  if (KEYWORDS.has(lower)) return { sql: lower };
  if (lower === "like") return next?.kind === "text" ? { sql: lower } : { problem: "LIKE needs a text" };
  if (lower === "date" && next?.kind === "text")
    return /^'[0-9]{4}-[0-9]{2}-[0-9]{2}'$/.test(next.text) ? { sql: lower } : { problem: `${next.text} is no date` };
  return scope.columns.some((column) => column.toLowerCase() === lower)
    ? undefined
    : { problem: `there is no column ${text}` };
}

function named(name: string, before: SqlToken | undefined, scope: ConditionScope): Part {
  if (before?.text === ".") return { sql: scope.quote(name) };
  const column = scope.columns.find((one) => one.toLowerCase() === name.toLowerCase());
  return column === undefined ? { problem: `there is no column ${name}` } : { sql: scope.column(column), column };
}
