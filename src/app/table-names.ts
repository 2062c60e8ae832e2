import type { Answer } from "../define/answer.ts";
import type { Dataset } from "../define/dataset.ts";
import { PinlakeError } from "../errors.ts";
import type { SnapshotAt } from "../table/table.ts";

/** A table of ours as SQL and the verbs name it, and where it lies in the tables' store. */
export interface TableName {
  /** `batch.x`, `stream.x`, `answers.x`. */
  readonly name: string;
  readonly schema: "batch" | "stream" | "answers";
  readonly table: string;
  readonly prefix: string;
  readonly dataset: Dataset | undefined;
}

export function tableNames(datasets: readonly Dataset[], answers: readonly Pick<Answer, "name">[]): TableName[] {
  const of = (schema: TableName["schema"], table: string, dataset?: Dataset): TableName => ({
    name: `${schema}.${table}`,
    schema,
    table,
    prefix: `${schema}/${table}`,
    dataset,
  });
  return [
    ...(["batch", "stream"] as const).flatMap((arm) => [
      ...datasets.map((dataset) => of(arm, dataset.name, dataset)),
      of(arm, "quarantine"),
    ]),
    ...answers.map(({ name }) => of("answers", name)),
  ];
}

/** The table behind a name that a person typed: `x` is `batch.x`, or `answers.x` for an answer. Throws UNKNOWN_NAME. */
export function findTable(names: readonly TableName[], typed: string): TableName {
  const found =
    names.find(({ name }) => name === typed) ??
    names.find(({ schema, table }) => schema === "batch" && table === typed) ??
    names.find(({ schema, table }) => schema === "answers" && table === typed);
  if (found !== undefined) return found;
  throw new PinlakeError("UNKNOWN_NAME", { what: "table", name: typed, known: names.map(({ name }) => name) });
}

export interface PastName {
  /** As it stands in the SQL, without the quotes: `stream.x@v12`. */
  readonly text: string;
  readonly table: string;
  readonly at: SnapshotAt;
}

/** The quoted names in a query that ask for an older version: `"x@v12"`, `"stream.x@20240131000000000"` (UTC). */
export function pastNames(sql: string): PastName[] {
  const found = new Map<string, PastName>();
  for (const [, text = "", table = "", when = ""] of sql.matchAll(/"(([a-z0-9_.]+)@(v\d{1,15}|\d{17}))"/g))
    if (isMoment(when)) found.set(text, { text, table, at: parseAt(when) });
  return [...found.values()];
}

/** A 13th month is no time: the name then means nothing. */
const isMoment = (when: string): boolean => {
  if (when.startsWith("v")) return true;
  const { timestampMs } = parseAt(when) as { timestampMs: number };
  return new Date(timestampMs).toISOString().replaceAll(/[-T:.Z]/g, "") === when;
};

function parseAt(when: string): SnapshotAt {
  if (when.startsWith("v")) return { version: Number(when.slice(1)) };
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/.exec(when) ?? [];
  const [year, month, day, hour, minute, second, ms] = parts.slice(1).map(Number);
  return { timestampMs: Date.UTC(year!, month! - 1, day, hour, minute, second, ms) };
}

/** Whether a query may mean this name: a word of its text, in any case. */
export function mentions(sql: string, name: string): boolean {
  return new RegExp(`(?<![A-Za-z0-9_])${name}(?![A-Za-z0-9_])`, "i").test(sql);
}
