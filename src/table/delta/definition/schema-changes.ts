import type { Column, DataType, StructField, StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { AddedColumn } from "../../table-change.ts";

/**
 * A schema with new columns at the end, and at the end of structs, all of them nullable: rows that are stored already have
 * NULL there. Throws SCHEMA_MISMATCH where the struct to add to is not there, or has such a field.
 */
export function withColumns(table: string, schema: StructType, added: readonly AddedColumn[]): StructType {
  return added.reduce((before, column) => {
    const { in: path = [] } = column;
    return withField(table, before, { path, column, at: [] }) as StructType;
  }, schema);
}

interface Place {
  readonly path: readonly string[];
  readonly column: AddedColumn;
  /** What was walked of the path. */
  readonly at: readonly string[];
}

function withField(table: string, type: DataType, { path, column, at }: Place): DataType {
  const [step, ...rest] = path;
  const mismatch = (found: string, expected: string) =>
    new PinlakeError("SCHEMA_MISMATCH", { table, column: [...at, step ?? column.name].join("."), found, expected });
  const deeper = (inner: DataType) => withField(table, inner, { path: rest, column, at: [...at, step as string] });
  if (typeof type === "string") throw mismatch(`in ${type}`, "in a struct");
  if (type.type === "array" && step === "element") return { ...type, elementType: deeper(type.elementType) };
  if (type.type === "map" && step === "key") return { ...type, keyType: deeper(type.keyType) };
  if (type.type === "map" && step === "value") return { ...type, valueType: deeper(type.valueType) };
  if (type.type !== "struct") throw mismatch(`in a ${type.type}`, "in a struct");
  if (step === undefined) {
    const taken = type.fields.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    if (taken !== undefined) throw mismatch(`there already, as ${text(taken.type)}`, "new");
    return { ...type, fields: [...type.fields, newField(column)] };
  }
  if (!type.fields.some(({ name }) => name === step)) throw mismatch("no such column", "a struct");
  const fields = type.fields.map((field) => (field.name === step ? { ...field, type: deeper(field.type) } : field));
  return { ...type, fields };
}

/**
 * A schema with the columns that rows bring and it lacks, those in structs as well. Columns that it has stay what they are:
 * rows are cast to them. Throws SCHEMA_MISMATCH where they cannot be.
 */
export function evolvedSchema(table: string, schema: StructType, columns: readonly Column[]): StructType {
  return { ...schema, fields: evolvedFields(table, schema.fields, columns, []) };
}

function evolvedFields(
  table: string,
  fields: readonly StructField[],
  brought: readonly Column[],
  at: readonly string[],
): readonly StructField[] {
  const known = fields.map((field) => {
    const found = brought.find(({ name }) => name === field.name);
    return found ? { ...field, type: evolvedType(table, field.type, found.type, [...at, field.name]) } : field;
  });
  const fresh = brought.filter(({ name }) => !fields.some((field) => field.name === name));
  return [...known, ...fresh.map(newField)];
}

function evolvedType(table: string, type: DataType, found: DataType, at: readonly string[]): DataType {
  if (typeof type === "string" && typeof found === "string") return type;
  if (typeof type === "string" || typeof found === "string" || type.type !== found.type)
    throw new PinlakeError("SCHEMA_MISMATCH", {
      table,
      column: at.join("."),
      found: text(found),
      expected: text(type),
    });
  if (type.type === "array" && found.type === "array")
    return { ...type, elementType: evolvedType(table, type.elementType, found.elementType, [...at, "element"]) };
  if (type.type === "map" && found.type === "map")
    return {
      ...type,
      keyType: evolvedType(table, type.keyType, found.keyType, [...at, "key"]),
      valueType: evolvedType(table, type.valueType, found.valueType, [...at, "value"]),
    };
  if (type.type === "struct" && found.type === "struct")
    return { ...type, fields: evolvedFields(table, type.fields, found.fields, at) };
  return type;
}

const newField = ({ name, type, description }: Column & Pick<AddedColumn, "description">): StructField => ({
  name,
  type,
  nullable: true,
  metadata: description === undefined ? {} : { comment: description },
});

const text = (type: DataType): string => (typeof type === "string" ? type : JSON.stringify(type));
