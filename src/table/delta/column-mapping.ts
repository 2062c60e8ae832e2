import type { StoredAs } from "../../engine/query-engine.ts";
import type { Column, StructField, StructType } from "../../engine/schema.ts";

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

/** What files call a column or a field in it; undefined when by its name. */
export function storedAs(schema: TableSchema): ((field: Column) => StoredAs) | undefined {
  if (schema.columnMapping === undefined) return undefined;
  if (schema.columnMapping === "name") return (field) => physicalName(schema, field);
  return (field) => {
    const id = metadataOf(field)["delta.columnMapping.id"];
    if (typeof id !== "number") throw new Error(`the column ${JSON.stringify(field.name)} has no id`);
    return id;
  };
}

const metadataOf = (field: Column & Partial<Pick<StructField, "metadata">>) => field.metadata ?? {};
