import type { DataType, StructField, StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";

const FORBIDDEN = /[ ,;{}()\n\t=]/;

/**
 * Throws TABLE_UNSUPPORTED for a schema that no table of ours can have; where columns are mapped they may have `anyName`.
 */
export function checkSchema(table: string, schema: StructType, { anyName }: { readonly anyName: boolean }): void {
  const refuse = (feature: string): never => {
    throw new PinlakeError("TABLE_UNSUPPORTED", { table, feature });
  };
  const checkFields = (fields: readonly StructField[], inList: boolean): void => {
    const seen = new Set<string>();
    for (const { name, type, nullable } of fields) {
      if (name === "" || (!anyName && FORBIDDEN.test(name))) refuse(`the column name ${JSON.stringify(name)}`);
      if (seen.has(name.toLowerCase())) refuse(`two columns named ${JSON.stringify(name)}`);
      if (!nullable && inList) refuse(`the NOT NULL field ${JSON.stringify(name)} in a list or map`);
      seen.add(name.toLowerCase());
      checkType(type, inList);
    }
  };
  const checkType = (type: DataType, inList: boolean): void => {
    if (typeof type === "string") return;
    if (type.type === "array") checkType(type.elementType, true);
    else if (type.type === "map") {
      checkType(type.keyType, true);
      checkType(type.valueType, true);
    } else checkFields(type.fields, inList);
  };
  checkFields(schema.fields, false);
}

/** Throws USAGE unless a table of this schema can be partitioned by these columns. */
export function checkPartitionColumns(table: string, { fields }: StructType, columns: readonly string[]): void {
  const refuse = (why: string): never => {
    throw new PinlakeError("USAGE", { message: `${table} cannot be partitioned by ${columns.join(", ")}: ${why}.` });
  };
  for (const [i, column] of columns.entries()) {
    const field = fields.find(({ name }) => name === column);
    if (field === undefined) refuse(`there is no column ${JSON.stringify(column)}`);
    else if (typeof field.type !== "string") refuse(`${column} is of no simple type`);
    if (columns.indexOf(column) !== i) refuse(`${column} stands twice`);
  }
  if (columns.length > 0 && columns.length === fields.length) refuse("no column would be left");
}
