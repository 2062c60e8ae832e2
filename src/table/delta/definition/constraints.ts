import type { QuerySession } from "../../../engine/query-engine.ts";
import type { DataType, StructField } from "../../../engine/schema.ts";
import { isPinlakeError, PinlakeError } from "../../../errors.ts";
import { storedFields } from "../files/partitions.ts";
import type { MetaData } from "../log/actions.ts";
import type { TableSchema } from "./column-mapping.ts";
import { type ConditionScope, sparkCondition } from "./spark-condition.ts";

/** What a table demands of its rows: of each that this is TRUE; NULL is not enough. */
export interface Constraint {
  readonly name: string;
  /** In Spark's SQL. */
  readonly expression: string;
  /** About what a list or map holds. */
  readonly inList?: boolean;
}

export interface Demanding {
  readonly schema: TableSchema;
  readonly metaData: Pick<MetaData, "configuration" | "partitionColumns">;
}

/** The properties that are CHECK constraints. */
export const CHECK = "delta.constraints.";

/** All that a table demands: NOT NULL, what columns say in `delta.invariants`, and CHECK constraints. */
export function constraintsOf({ schema, metaData }: Demanding): readonly Constraint[] {
  const checks = Object.entries(metaData.configuration).flatMap(([name, expression]) =>
    name.startsWith(CHECK) ? [{ name: name.slice(CHECK.length), expression }] : [],
  );
  return [...ofFields(schema.fields, []), ...checks];
}

function ofFields(fields: readonly StructField[], at: readonly string[]): Constraint[] {
  return fields.flatMap((field): Constraint[] => {
    const path = [...at, field.name];
    const name = path.join(".");
    const notNull = { name: `NOT NULL ${name}`, expression: `${path.map(ticked).join(".")} IS NOT NULL` };
    const invariant = field.metadata?.["delta.invariants"];
    return [
      ...(field.nullable === false ? [notNull] : []),
      ...(typeof invariant === "string" ? [{ name: `invariant of ${name}`, expression: invariantOf(invariant) }] : []),
      ...inside(field.type, path),
    ];
  });
}

const ticked = (name: string) => `\`${name.replaceAll("`", "``")}\``;

function inside(type: DataType, path: readonly string[]): Constraint[] {
  if (typeof type === "string") return [];
  if (type.type === "struct") return ofFields(type.fields, path);
  const held =
    type.type === "array"
      ? inside(type.elementType, [...path, "element"])
      : [...inside(type.keyType, [...path, "key"]), ...inside(type.valueType, [...path, "value"])];
  return held.map((constraint) => ({ ...constraint, inList: true }));
}

function invariantOf(json: string): string {
  try {
    const { expression } = JSON.parse(json) as { readonly expression: { readonly expression: string } };
    return expression.expression;
  } catch {
    return json;
  }
}

/** A constraint as SQL over a relation of that alias, and the columns that it is about. */
interface Demand extends Constraint {
  readonly sql: string;
  readonly columns: readonly string[];
}

const ROW = "_pinlake_row";

/** Throws TABLE_UNSUPPORTED, naming it, for a constraint that may not mean the same here as in Spark. */
function demandOf(
  table: string,
  { schema, metaData }: Demanding,
  session: Pick<QuerySession, "quote" | "literal">,
  constraint: Constraint,
): Demand {
  const scope: ConditionScope = {
    columns: schema.fields.map(({ name }) => name),
    // In a partition's name empty text is NULL.
    column: (name) =>
      metaData.partitionColumns.includes(name) && schema.fields.find((field) => field.name === name)?.type === "string"
        ? `NULLIF(${ROW}.${session.quote(name)}, '')`
        : `${ROW}.${session.quote(name)}`,
    quote: session.quote,
    literal: session.literal,
  };
  const condition = constraint.inList ? "it is about a list or map" : sparkCondition(constraint.expression, scope);
  if (typeof condition === "string") throw unsupported(table, constraint, condition);
  return { ...constraint, ...condition };
}

const unsupported = (table: string, { name, expression }: Constraint, why: string, cause?: unknown) =>
  new PinlakeError(
    "TABLE_UNSUPPORTED",
    { table, feature: `the constraint ${name}: ${expression} (for writing; ${why})` },
    { cause },
  );

/** Throws TABLE_UNSUPPORTED for a table with a constraint that we cannot keep. */
export function checkConstraints(table: string, demanding: Demanding): void {
  const session = { quote: (name: string) => name, literal: (text: string) => text };
  for (const constraint of constraintsOf(demanding)) demandOf(table, demanding, session, constraint);
}

const BROKEN = "pinlake broken constraint ";

/**
 * Runs `work` with a query's rows (the table's columns in schema order) that fails at the first row which breaks a constraint,
 * while it is read: no further pass over the rows. Throws CONSTRAINT_VIOLATED then.
 */
export async function guarded<T>(
  table: string,
  { session, sql }: { readonly session: QuerySession; readonly sql: string },
  demanding: Demanding,
  work: (sql: string) => Promise<T>,
  constraints: readonly Constraint[] = constraintsOf(demanding),
): Promise<T> {
  const { schema, metaData } = demanding;
  if (constraints.length === 0) return work(sql);
  const q = session.quote;
  const demands = constraints.map((constraint) => demandOf(table, demanding, session, constraint));
  await checkConditions(table, session, demanding, demands);
  // A column that each file holds: no optimizer may leave it out, nor ask before the rows are those that are written.
  const [guard] = storedFields(schema, metaData.partitionColumns);
  const columns = schema.fields.map((field) => {
    const value = `${ROW}.${q(field.name)}`;
    if (field !== guard) return value;
    const cases = demands.map((demand, i) => `WHEN (${demand.sql}) IS NOT TRUE THEN ${failing(session, demand, i)}`);
    return `CASE ${cases.join(" ")} ELSE ${value} END AS ${q(field.name)}`;
  });
  try {
    return await work(`SELECT ${columns.join(", ")} FROM (${sql}) AS ${ROW}`);
  } catch (error) {
    throw violation(table, demands, error) ?? error;
  }
}

/** Throws CONSTRAINT_VIOLATED unless all rows of a query (the table's columns in schema order) keep a constraint. */
export async function checkRows(
  table: string,
  rows: { readonly session: QuerySession; readonly sql: string },
  demanding: Demanding,
  { constraint, signal }: { readonly constraint: Constraint; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { session } = rows;
  const names = demanding.schema.fields.map(({ name }) => `count(${session.quote(name)})`);
  const look = (sql: string) =>
    session.query(`SELECT ${names.join(", ")} FROM (${sql}) AS ${ROW}`, signal === undefined ? {} : { signal });
  await guarded(table, rows, demanding, look, [constraint]);
}

/** SQL that fails the query, and says what the row has in the columns that the constraint is about. */
function failing(session: QuerySession, { columns }: Demand, i: number): string {
  const values = columns.map((name) => {
    const text = `CAST(${ROW}.${session.quote(name)} AS VARCHAR)`;
    const shown = `CASE WHEN length(${text}) > 100 THEN substr(${text}, 1, 100) || '…' ELSE coalesce(${text}, 'NULL') END`;
    return `${session.literal(`${name} = `)} || ${shown}`;
  });
  return session.failing(`${session.literal(`${BROKEN}${i}: `)} || ${values.join(" || ', ' || ")}`);
}

function violation(table: string, demands: readonly Demand[], error: unknown): PinlakeError | undefined {
  if (!isPinlakeError(error, "QUERY_FAILED")) return undefined;
  const { reason } = error.details as { readonly reason: string };
  const [, number, row = ""] = new RegExp(`${BROKEN}([0-9]+): (.*)`, "s").exec(reason) ?? [];
  const demand = demands[Number(number)];
  if (demand === undefined) return undefined;
  const { name: constraint, expression } = demand;
  return new PinlakeError("CONSTRAINT_VIOLATED", { table, constraint, expression, row }, { cause: error });
}

/** The engine must understand the conditions as conditions. */
async function checkConditions(
  table: string,
  session: QuerySession,
  { schema }: Demanding,
  demands: readonly Demand[],
): Promise<void> {
  const q = session.quote;
  const row = schema.fields.map(({ name, type }) => `CAST(NULL AS ${session.typeName(type)}) AS ${q(name)}`);
  for (const demand of demands) {
    const sql = `SELECT (${demand.sql}) AS ok FROM (SELECT ${row.join(", ")}) AS ${ROW}`;
    const [column] = await session.describe(sql).catch((cause: unknown) => {
      throw unsupported(table, demand, "it cannot be evaluated here", cause);
    });
    if (column?.type !== "boolean") throw unsupported(table, demand, "it is no condition");
  }
}
