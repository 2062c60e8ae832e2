/** Words and signs of SQL text, comments and white space left out. */
export interface SqlToken {
  readonly kind: "word" | "number" | "text" | "quoted" | "sign";
  readonly text: string;
  /** Where it starts in the SQL. */
  readonly at: number;
}

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<number>[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?<text>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*")|(?<sign>\|\||<>|<=|>=|!=|::|->>|->|[\s\S])/g;

export function sqlTokens(sql: string): SqlToken[] {
  return [...sql.matchAll(TOKEN)].flatMap((match) => {
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    return kind === undefined ? [] : [{ kind: kind as SqlToken["kind"], text: text as string, at: match.index }];
  });
}
