import { rm } from "node:fs/promises";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { Column, DataType, StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { RowFiles, Rows } from "../../table.ts";

/**
 * The query of `rows` with the table's columns in schema order, found by name; those it lacks are NULL.
 * Throws SCHEMA_MISMATCH for a column that the table does not have, and for a cast that would lose something silently.
 */
export async function inSchemaOrder({ session, sql }: Rows, schema: StructType, table: string): Promise<string> {
  const found = await session.describe(sql);
  checkFitting(found, schema, table);
  const names = new Set(found.map(({ name }) => name));
  return selectColumns(session, schema, `(${sql})`, (name) => names.has(name));
}

/** Throws SCHEMA_MISMATCH where a table's columns cannot get these values without losing something silently. */
export function checkFitting(columns: readonly Column[], schema: StructType, table: string): void {
  checkDistinct(columns, table);
  const expected = new Map(schema.fields.map(({ name, type }) => [name, type]));
  for (const { name: column, type } of columns) {
    const wanted = expected.get(column);
    if (wanted === undefined)
      throw new PinlakeError("SCHEMA_MISMATCH", { table, column, found: text(type), expected: "no such column" });
    if (losesSilently(type, wanted))
      throw new PinlakeError("SCHEMA_MISMATCH", { table, column, found: text(type), expected: text(wanted) });
  }
}

/** Throws SCHEMA_MISMATCH for columns of the same name: which of them is meant? */
export function checkDistinct(columns: readonly Column[], table: string): void {
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = columns.find(({ name }, i) => names.indexOf(name.toLowerCase()) !== i);
  if (twice !== undefined)
    throw new PinlakeError("SCHEMA_MISMATCH", {
      table,
      column: twice.name,
      found: "several columns of that name",
      expected: "one",
    });
}

/** Throws SCHEMA_MISMATCH where the files' columns are not those of the table, in their order. */
export function checkColumns({ files }: RowFiles, { fields }: StructType, table: string): void {
  for (const { columns } of files)
    for (let i = 0; i < Math.max(columns.length, fields.length); i++) {
      const [found, expected] = [columns[i], fields[i]].map((one) => one && `${one.name} ${text(one.type)}`);
      if (found === expected) continue;
      const column = columns[i]?.name ?? fields[i]?.name ?? "";
      throw new PinlakeError("SCHEMA_MISMATCH", {
        table,
        column,
        found: found ?? "no such column",
        expected: expected ?? "no such column",
      });
    }
}

/** The files of an operation's rows are part of the table when it has ended, or gone. */
export async function takingFiles<T>(rows: Rows | RowFiles, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    if ("files" in rows) await Promise.allSettled(rows.files.map(({ path }) => rm(path, { force: true })));
  }
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

/** Casts that round, cut or leave out without an error; all others either keep the value or fail. */
function losesSilently(from: DataType, to: DataType): boolean {
  if (typeof from !== "string" && typeof to !== "string") return losesInside(from, to);
  if (whole(to)) return fractional(from) || (typeof from === "string" && /^decimal\([0-9]+,[1-9]/.test(from));
  if (to === "date") return from === "timestamp" || from === "timestamp_ntz";
  return to === "boolean" && fractional(from);
}

function losesInside(from: Exclude<DataType, string>, to: Exclude<DataType, string>): boolean {
  if (from.type === "array" && to.type === "array") return losesSilently(from.elementType, to.elementType);
  if (from.type === "map" && to.type === "map")
    return losesSilently(from.keyType, to.keyType) || losesSilently(from.valueType, to.valueType);
  if (from.type !== "struct" || to.type !== "struct") return false;
  const wanted = new Map(to.fields.map(({ name, type }) => [name.toLowerCase(), type]));
  return from.fields.some(({ name, type }) => {
    const field = wanted.get(name.toLowerCase());
    return field === undefined || losesSilently(type, field);
  });
}

const text = (type: DataType): string => (typeof type === "string" ? type : JSON.stringify(type));
