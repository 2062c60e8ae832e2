import type { QuerySession } from "../../engine/query-engine.ts";
import type { DataType, StructType } from "../../engine/schema.ts";
import { PinlakeError } from "../../errors.ts";
import type { Rows } from "../table.ts";

/**
 * The query of `rows` with the table's columns in schema order, found by name; those it lacks are NULL.
 * Throws SCHEMA_MISMATCH for a column that the table does not have, and for a cast that would lose something silently.
 */
export async function inSchemaOrder({ session, sql }: Rows, schema: StructType, table: string): Promise<string> {
  const found = new Map((await session.describe(sql)).map(({ name, type }) => [name, type]));
  const expected = new Map(schema.fields.map(({ name, type }) => [name, type]));
  for (const [column, type] of found) {
    const wanted = expected.get(column);
    if (wanted === undefined)
      throw new PinlakeError("SCHEMA_MISMATCH", { table, column, found: text(type), expected: "no such column" });
    if (losesSilently(type, wanted))
      throw new PinlakeError("SCHEMA_MISMATCH", { table, column, found: text(type), expected: text(wanted) });
  }
  return selectColumns(session, schema, `(${sql})`, (name) => found.has(name));
}

/** SELECT of the table's columns, cast to their types. */
export function selectColumns(
  session: QuerySession,
  schema: StructType,
  from: string,
  has: (column: string) => boolean = () => true,
): string {
  const columns = schema.fields.map(({ name, type }) => {
    const quoted = session.quote(name);
    return `CAST(${has(name) ? `t.${quoted}` : "NULL"} AS ${session.typeName(type)}) AS ${quoted}`;
  });
  return `SELECT ${columns.join(", ")} FROM ${from} AS t`;
}

const fractional = (type: DataType) => type === "double" || type === "float";
const whole = (type: DataType) => ["long", "integer", "short", "byte"].includes(type as string);

/** Casts that round or cut without an error; all others either keep the value or fail. */
function losesSilently(from: DataType, to: DataType): boolean {
  if (whole(to)) return fractional(from) || (typeof from === "string" && /^decimal\([0-9]+,[1-9]/.test(from));
  if (to === "date") return from === "timestamp" || from === "timestamp_ntz";
  return to === "boolean" && fractional(from);
}

const text = (type: DataType): string => (typeof type === "string" ? type : JSON.stringify(type));
