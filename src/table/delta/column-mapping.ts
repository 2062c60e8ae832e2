import type { StoredAs, StoredField } from "../../engine/query-engine.ts";
import type { Column, DataType, StructField, StructType } from "../../engine/schema.ts";

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
  const name = metadataOf(field)["delta.columnMapping.physicalName"];
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
  return (field) => ({ name: physicalName(schema, field), id: fieldId(field) });
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
  const id = metadataOf(field)["delta.columnMapping.id"];
  if (typeof id !== "number") throw new Error(`the column ${JSON.stringify(field.name)} has no id`);
  return id;
}

const metadataOf = (field: Column & Partial<Pick<StructField, "metadata">>) => field.metadata ?? {};
