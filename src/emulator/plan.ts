import type { SourceRow } from "../define/source.ts";
import type { Source } from "../source/source.ts";
import { pythonRandom } from "./python-random.ts";

export type Key = number | string;

/** Which rows are posted, and in what order. */
export type Draw =
  /** As the original's scripts: `randrange(0, 2)` seconds, then row `randint(0, 11000)`. */
  | "python"
  /** Any row, after 0 to 2 s. */
  | "uniform"
  /** Every row once, by rising key, after 0 to 2 s. */
  | "all";

export interface PlannedPost {
  readonly key: Key;
  /** How long the original would wait in front of it. */
  readonly delayMs: number;
  /** By table; absent when the rows are still to be looked up. */
  readonly rows?: ReadonlyMap<string, SourceRow>;
}

export interface PlanOptions {
  readonly source: Source;
  readonly tables: readonly string[];
  readonly seed: number;
  readonly draw: Draw;
}

const PYTHON_HIGHEST_ROW = 11_000;

/** The posts of one run. The same options give the same posts. */
export function plan(options: PlanOptions): AsyncIterable<PlannedPost> {
  if (options.draw === "python") return pythonPlan(options.seed);
  return options.draw === "uniform" ? uniformPlan(options) : allPlan(options);
}

async function* pythonPlan(seed: number): AsyncGenerator<PlannedPost> {
  const random = pythonRandom(seed);
  for (;;) {
    const delayMs = random.randrange(0, 2) * 1000;
    yield { delayMs, key: random.randint(0, PYTHON_HIGHEST_ROW) };
  }
}

async function* uniformPlan(options: PlanOptions): AsyncGenerator<PlannedPost> {
  const random = pythonRandom(options.seed);
  const keys: Key[] = [];
  for await (const { key } of mergedRows(options)) keys.push(key);
  while (keys.length > 0) yield { delayMs: random.randint(0, 2000), key: keys[random.randrange(0, keys.length)]! };
}

async function* allPlan(options: PlanOptions): AsyncGenerator<PlannedPost> {
  const random = pythonRandom(options.seed);
  for await (const { key, rows } of mergedRows(options)) yield { delayMs: random.randint(0, 2000), key, rows };
}

/** The rows of all tables, those with the same key together, by rising key. */
async function* mergedRows({
  source,
  tables,
}: PlanOptions): AsyncGenerator<{ readonly key: Key; readonly rows: ReadonlyMap<string, SourceRow> }> {
  const described = await source.tables();
  const cursors = tables.map((table) => ({
    table,
    key: described.find(({ name }) => name === table)?.key ?? "",
    rows: source.rows(table)[Symbol.asyncIterator](),
  }));
  try {
    const heads = await Promise.all(cursors.map(({ rows }) => rows.next()));
    const keyAt = (i: number): Key | undefined =>
      heads[i]!.done === true ? undefined : (heads[i]!.value[cursors[i]!.key] as Key);
    for (;;) {
      const key = cursors.map((_, i) => keyAt(i)).reduce(lower, undefined);
      if (key === undefined) return;
      const rows = new Map<string, SourceRow>();
      for (const [i, cursor] of cursors.entries()) {
        if (keyAt(i) !== key) continue;
        rows.set(cursor.table, heads[i]!.value);
        heads[i] = await cursor.rows.next();
      }
      yield { key, rows };
    }
  } finally {
    for (const { rows } of cursors) await rows.return?.();
  }
}

const lower = (a: Key | undefined, b: Key | undefined): Key | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;
