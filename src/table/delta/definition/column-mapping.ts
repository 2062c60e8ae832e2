import { randomUUID } from "node:crypto";
import type { StoredAs, StoredField } from "../../../engine/query-engine.ts";
import type { Column, DataType, StructField, StructType } from "../../../engine/schema.ts";

const ID = "delta.columnMapping.id";
const PHYSICAL_NAME = "delta.columnMapping.physicalName";

/** A table's schema; how its files name the columns, when not as the schema does (Delta protocol, "Column Mapping"). */
export interface TableSchema extends StructType {
  readonly columnMapping?: "name" | "id";
}

/** Mode of a table's properties, whatever it says. */
export const mappingMode = (configuration: Readonly<Record<string, string>>): string =>
  (configuration["delta.columnMapping.mode"] ?? "none").toLowerCase();

/** The name of a column in files, stats and partition values. */
export function physicalName({ columnMapping }: TableSchema, field: Column): string {
  if (columnMapping === undefined) return field.name;
  const name = metadataOf(field)[PHYSICAL_NAME];
  if (typeof name !== "string") throw new Error(`the column ${JSON.stringify(field.name)} has no physical name`);
  return name;
}

/** By what to find a column, or a field in it, in files; undefined when by its name. */
export function storedAs(schema: TableSchema): ((field: Column) => StoredAs) | undefined {
  if (schema.columnMapping === undefined) return undefined;
  if (schema.columnMapping === "name") return (field) => physicalName(schema, field);
  return (field) => fieldId(field);
}

/** What files that are written call a column, or a field in it; both modes want the name and the id. */
export function storeAs(schema: TableSchema): ((field: Column) => StoredField) | undefined {
  if (schema.columnMapping === undefined) return undefined;
  return (field) =>
    isMapped(field) ? { name: physicalName(schema, field), id: fieldId(field) } : { name: field.name, id: undefined };
}

/** The columns as files and their stats name them. */
export function physicalFields(schema: TableSchema, fields: readonly StructField[]): readonly StructField[] {
  if (schema.columnMapping === undefined) return fields;
  const typeOf = (type: DataType): DataType =>
    typeof type !== "string" && type.type === "struct"
      ? { ...type, fields: physicalFields(schema, type.fields) }
      : type;
  return fields.map((field) => ({ ...field, name: physicalName(schema, field), type: typeOf(field.type) }));
}

function fieldId(field: Column): number {
  const id = metadataOf(field)[ID];
  if (typeof id !== "number") throw new Error(`the column ${JSON.stringify(field.name)} has no id`);
  return id;
}

/** Whether it is one of the table's columns, and not one that a file has besides. */
const isMapped = (field: Column) => metadataOf(field)["delta.columnMapping.id"] !== undefined;

const metadataOf = (field: Column & Partial<Pick<StructField, "metadata">>) => field.metadata ?? {};

export interface Mapped {
  readonly schema: StructType;
  /** The highest id that a field of the table ever had. */
  readonly maxId: number;
}

/**
 * Gives each field that has none an id and a name for files, those in structs, lists and maps as well. Where the table
 * has files already whose columns bear the fields' own names, these stay their names.
 */
export function withMapping(schema: StructType, { maxId, names }: { maxId: number; names: "new" | "own" }): Mapped {
  let last = highestId(schema, maxId);
  const mapped = (field: StructField): StructField => {
    const { metadata = {} } = field;
    const id = typeof metadata[ID] === "number" ? metadata[ID] : ++last;
    const physical = metadata[PHYSICAL_NAME] ?? (names === "own" ? field.name : `col-${randomUUID()}`);
    return { ...field, metadata: { ...metadata, [ID]: id, [PHYSICAL_NAME]: physical }, type: inside(field.type) };
  };
  const inside = (type: DataType): DataType => {
    if (typeof type === "string") return type;
    if (type.type === "array") return { ...type, elementType: inside(type.elementType) };
    if (type.type === "map") return { ...type, keyType: inside(type.keyType), valueType: inside(type.valueType) };
    return { ...type, fields: type.fields.map(mapped) };
  };
  return { schema: inside(schema) as StructType, maxId: last };
}

function highestId(type: DataType, least: number): number {
  if (typeof type === "string") return least;
  if (type.type === "array") return highestId(type.elementType, least);
  if (type.type === "map") return highestId(type.valueType, highestId(type.keyType, least));
  return type.fields.reduce((max, { type: inner, metadata }) => {
    const id = metadata?.[ID];
    return highestId(inner, typeof id === "number" ? Math.max(max, id) : max);
  }, least);
}
