/** Words and signs of SQL text, comments and white space left out. */
export interface SqlToken {
  readonly kind: "word" | "number" | "text" | "quoted" | "sign";
  readonly text: string;
  /** Where it starts in the SQL. */
  readonly at: number;
}

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<number>[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?<text>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)|(?<sign>\|\||<>|<=|>=|!=|::|->>|->|[\s\S])/g;

export function sqlTokens(sql: string): SqlToken[] {
  return [...sql.matchAll(TOKEN)].flatMap((match) => {
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    return kind === undefined ? [] : [{ kind: kind as SqlToken["kind"], text: text as string, at: match.index }];
  });
}

/** Functions of one row that mean the same on every engine: SQL's own, and those of the prelude. */
export const ROW_FUNCTIONS: readonly string[] = [
  ..."abs cast coalesce day floor length month nullif replace substr year".split(" "),
  ..."blank coordinates filled matches parse_bigint parse_count parse_double parse_timestamp without_prefix".split(" "),
];
/** Functions of many rows: for answers. */
export const SET_FUNCTIONS: readonly string[] = "avg count dense_rank max median min rank row_number sum".split(" ");

const SIGNS = new Set("( ) , . + - * / % = < > <= >= <> ||".split(" "));
/** Words that may stand before a parenthesis without calling anything. */
const OPENERS = new Set(
  "and as by case else exists from having in join not on or over partition select then when where".split(" "),
);
const FOREIGN = new Set(
  "anti asof exclude ilike lateral limit pivot positional qualify recursive semi similar tablesample try_cast unnest unpivot".split(
    " ",
  ),
);
const NOT_ONE_TO_ONE = new Set("distinct except group having intersect join order over union where with".split(" "));

const TYPES = new Set("bigint boolean date double int smallint string".split(" "));

/** What in an SQL text does not mean the same on every engine; docs/reference/sql.md says what may be used. */
export function portabilityProblems(sql: string, functions: readonly string[]): string[] {
  const tokens = sqlTokens(sql);
  return tokens.flatMap(({ kind, text }, i): string[] => {
    const next = tokens[i + 1]?.text;
    const word = text.toLowerCase();
    switch (kind) {
      case "quoted":
        return [`${text}: names are written without quotes`];
      case "text":
        return text.includes("\\") ? [`${text}: a text may hold no backslash; write [0-9] for \\d, [.] for \\.`] : [];
      case "sign":
        return SIGNS.has(text) ? [] : [`${text}: this sign is not part of the portable SQL`];
      case "word":
        if (FOREIGN.has(word)) return [`${text}: this word is not part of the portable SQL`];
        if (tokens[i - 1]?.text.toLowerCase() === "as" && isCastType(tokens, i) && !TYPES.has(word))
          return [`CAST … AS ${text}: allowed are ${[...TYPES].join(", ").toUpperCase()}`];
        if (next !== "(" || OPENERS.has(word) || functions.includes(word)) return [];
        return [`${text}(): this function is not part of the portable SQL; allowed: ${functions.join(", ")}`];
      default:
        return [];
    }
  });
}

/** What is wrong with a dataset's SELECT: it must give one row for each row of `raw`, with just the declared columns. */
export function datasetSelectProblems(select: string, columns: readonly string[]): string[] {
  const tokens = sqlTokens(select.replace(/;\s*$/, ""));
  const words = tokens.map((token) => (token.kind === "word" ? token.text.toLowerCase() : token.text));
  const shape = "must be one `SELECT … FROM raw`, which gives one row for each row";
  const from = words.indexOf("from");
  if (
    words[0] !== "select" ||
    words.lastIndexOf("select") !== 0 ||
    words[from + 1] !== "raw" ||
    from + 2 !== words.length
  )
    return [`it ${shape}`];
  const found = outputNames(words.slice(1, from));
  const missing = columns.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !columns.includes(name));
  return [
    ...words.filter((word) => NOT_ONE_TO_ONE.has(word)).map((word) => `${word.toUpperCase()}: it ${shape}`),
    ...missing.map((name) => `column "${name}" is declared, but the SELECT does not give it`),
    ...extra.map((name) => `column "${name}" is not declared; known: ${columns.join(", ")}`),
    ...portabilityProblems(select.replace(/;\s*$/, ""), ROW_FUNCTIONS),
  ];
}

/** What is wrong with the condition of a rule. */
export function conditionProblems(when: string): string[] {
  const words = sqlTokens(when).map(({ text }) => text.toLowerCase());
  const several = words.filter((word) => word === "select" || word === "from" || word === ";");
  if (several.length > 0) return ["it must be a condition over the columns, without a query"];
  return portabilityProblems(when, ROW_FUNCTIONS);
}

/** The name of each item of a select list: its alias, else the column that it is. */
function outputNames(words: readonly string[]): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [i, word] of [...words, ","].entries()) {
    if (word === "(") depth++;
    else if (word === ")") depth--;
    else if (word === "," && depth === 0) names.push(words[i - 1] ?? "");
  }
  return names;
}

/** Whether the word behind AS is a type: the parenthesis that it stands in was opened by CAST. */
function isCastType(tokens: readonly SqlToken[], at: number): boolean {
  let depth = 0;
  for (let i = at - 1; i > 0; i--) {
    if (tokens[i]?.text === ")") depth++;
    else if (tokens[i]?.text === "(" && depth-- === 0) return tokens[i - 1]?.text.toLowerCase() === "cast";
  }
  return false;
}
