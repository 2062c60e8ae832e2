import type { StoredField } from "../query-engine.ts";
import type { Column, DataType, StructField } from "../schema.ts";
import { storedColumn } from "./stored-columns.ts";
import { duckTypeName, quoteName, quoteText } from "./types.ts";

/** What a file calls a field, and its id. */
export type StoreAs = (field: Column) => StoredField;

/** A query's columns, and the fields in them, under other names; the ids they have in the file, as an option of COPY. */
export function renamed(
  sql: string,
  columns: readonly Column[],
  storeAs: StoreAs,
): { readonly select: string; readonly fieldIds: string } {
  const names = new Map<Column, string>();
  const known = columns.map(({ name, type }) => ({ name, type, nullable: true, metadata: {} }));
  const values = columns.map((column) => {
    const stored = storedAs(column, storeAs, names);
    const value = storedColumn(known, stored, (field) => names.get(field) ?? field.name);
    return `CAST(${value} AS ${duckTypeName(stored.type)}) AS ${quoteName(stored.name)}`;
  });
  const ids = columns.flatMap((column) => fieldId(column, storeAs));
  return { select: `SELECT ${values.join(", ")} FROM (${sql})`, fieldIds: `, FIELD_IDS {${ids.join(", ")}}` };
}

/** The column as the file has it; `names` gets what each of its fields is called here. */
export function storedAs<C extends Column>(column: C, storeAs: StoreAs, names = new Map<Column, string>()): C {
  const stored = { ...column, name: storeAs(column).name, type: typeAs(column.type) };
  names.set(stored, column.name);
  return stored;

  function typeAs(type: DataType): DataType {
    if (typeof type === "string") return type;
    if (type.type === "array") return { ...type, elementType: typeAs(type.elementType) };
    if (type.type === "map") return { ...type, keyType: typeAs(type.keyType), valueType: typeAs(type.valueType) };
    return { ...type, fields: type.fields.map((field): StructField => storedAs(field, storeAs, names)) };
  }
}

/** `'name': id`, or `'name': {__duckdb_field_id: id, …}` where it has fields of its own; nothing for a field without id. */
function fieldId(field: Column, storeAs: StoreAs): string[] {
  const { name, id } = storeAs(field);
  if (id === undefined) return [];
  const inner = idsWithin(field.type, storeAs);
  return [`${quoteText(name)}: ${inner.length === 0 ? id : `{__duckdb_field_id: ${id}, ${inner.join(", ")}}`}`];
}

function idsWithin(type: DataType, storeAs: StoreAs): string[] {
  if (typeof type === "string") return [];
  if (type.type === "struct") return type.fields.flatMap((field) => fieldId(field, storeAs));
  const children: readonly (readonly [string, DataType])[] =
    type.type === "array"
      ? [["element", type.elementType]]
      : [
          ["key", type.keyType],
          ["value", type.valueType],
        ];
  return children.flatMap(([name, child]) => {
    const inner = idsWithin(child, storeAs);
    return inner.length === 0 ? [] : [`${name}: {${inner.join(", ")}}`];
  });
}
