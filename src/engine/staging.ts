import type { Dataset } from "../define/dataset.ts";
import { cleanColumns, cleaningSql } from "./clean-sql.ts";
import { POSITION_COLUMNS, QUARANTINE_COLUMNS } from "./quarantine-columns.ts";
import type { QueryOptions, QuerySession, SqlValue } from "./query-engine.ts";
import { type Column, dataType } from "./schema.ts";
import type { RecordShape } from "./suspects.ts";

export interface StagingNames {
  readonly into: string;
  readonly badInto: string;
}

/** The tables through which rows of texts are cleaned. */
export interface Staging {
  /** Cleans rows of texts, each followed by its number and position, in place of what was cleaned before. */
  fill(rows: readonly (readonly SqlValue[])[], options: QueryOptions): Promise<void>;
  /** Replaces the rows of `badInto`. */
  fillBad(rows: readonly (readonly SqlValue[])[]): Promise<void>;
  /** The rows with their `_origin`, `_reason` and `_warning<i>`. */
  readonly staged: string;
  /** Gives the good rows. */
  readonly select: string;
}

const ORIGIN: Column = { name: "_origin", type: "integer" };

/** Of sessions that clean one small batch after another: for what their tables are made. */
const made = new WeakMap<QuerySession, string>();

/**
 * Makes the tables, or finds them as the last call left them: making them takes longer than cleaning some hundred rows.
 */
export async function openStaging(
  session: QuerySession,
  dataset: Dataset,
  { fields }: RecordShape,
  { into, badInto }: StagingNames,
): Promise<Staging> {
  const carried = [ORIGIN, ...POSITION_COLUMNS];
  const raw: Column[] = [...fields.map(({ name }) => ({ name, type: "string" as const })), ...carried];
  const staged = session.quote(`${into}_staged`);
  const names = carried.map(({ name }) => name);
  const cleaning = cleaningSql(session, dataset, names);
  const columns = cleanColumns(dataset).map(({ name }) => session.quote(name));
  const select = `SELECT ${columns.join(", ")} FROM ${staged} WHERE _reason IS NULL`;
  const use = JSON.stringify([cleaning, into, badInto]);
  if (made.get(session) !== use) {
    await session.defineRows("raw", raw, []);
    await session.defineRows(badInto, QUARANTINE_COLUMNS, []);
    await session.defineRows(`${into}_staged`, verdicts(dataset, carried), []);
    await session.execute(`CREATE OR REPLACE VIEW ${session.quote(into)} AS ${select}`);
    made.set(session, use);
  }
  return {
    async fill(rows, options) {
      await session.execute(`TRUNCATE ${staged}`);
      if (rows.length === 0) return;
      await session.defineRows("raw", raw, rows, { refill: true });
      await session.execute(`INSERT INTO ${staged} ${cleaning}`, options);
    },
    fillBad: (rows) => session.defineRows(badInto, QUARANTINE_COLUMNS, rows, { refill: true }),
    staged,
    select,
  };
}

/** The columns that the cleaning SQL gives. */
function verdicts(dataset: Dataset, carried: readonly Column[]): Column[] {
  const own = dataset.columns.map(({ name, type }) => ({ name, type: dataType(type) }));
  const warnings = dataset.warnings.map((_, i): Column => ({ name: `_warning${i}`, type: "boolean" }));
  return [...own, ...carried, { name: "_reason", type: "string" }, ...warnings];
}
