import type { StoredAs } from "../query-engine.ts";
import type { Column, DataType } from "../schema.ts";
import type { FileField } from "./parquet-schema.ts";
import { duckTypeName, quoteName, quoteText } from "./types.ts";

/** What names or ids fields have in files. */
type Stored = (field: Column) => StoredAs;

/** The field of a file that holds this column: by id, or by name in any case; undefined when there is none. */
export function storedField(fields: readonly FileField[], column: Column, stored: Stored): FileField | undefined {
  const as = stored(column);
  if (typeof as === "number") return fields.find(({ metadata }) => metadata.fieldId === as);
  return fields.find(({ name }) => name === as) ?? fields.find(({ name }) => name.toLowerCase() === as.toLowerCase());
}

/** SQL for a column as one file has it, with its type: what the file lacks is NULL. Throws when its type does not fit. */
export function storedColumn(fields: readonly FileField[], column: Column, stored: Stored): string {
  if (typeof stored(column) === "number" && !fields.some(({ metadata }) => metadata.fieldId !== undefined))
    throw new Error("its columns are to be found by field id, and have none");
  const field = storedField(fields, column, stored);
  if (field === undefined) return "NULL";
  let variables = 0;

  function converted(expression: string, from: DataType, to: DataType): string {
    if (typeof from === "string" || typeof to === "string") return leaf(expression, from, to);
    if (from.type === "struct" && to.type === "struct") {
      if (isAsStored(from, to, stored)) return expression;
      const members = to.fields.map((member) => {
        const found = storedField(from.fields as FileField[], member, stored);
        const value =
          found === undefined
            ? `CAST(NULL AS ${duckTypeName(member.type)})`
            : converted(`struct_extract(${expression}, ${quoteText(found.name)})`, found.type, member.type);
        return `${quoteName(member.name)} := ${value}`;
      });
      return `CASE WHEN ${expression} IS NULL THEN NULL ELSE struct_pack(${members.join(", ")}) END`;
    }
    if (from.type === "array" && to.type === "array") {
      if (isAsStored(from, to, stored)) return expression;
      const each = `_each${variables++}`;
      return `list_transform(${expression}, lambda ${each}: ${converted(each, from.elementType, to.elementType)})`;
    }
    if (from.type === "map" && to.type === "map") {
      if (isAsStored(from, to, stored)) return expression;
      const each = `_each${variables++}`;
      const key = converted(`${each}.key`, from.keyType, to.keyType);
      const value = converted(`${each}.value`, from.valueType, to.valueType);
      return `map_from_entries(list_transform(map_entries(${expression}), lambda ${each}: struct_pack(k := ${key}, v := ${value})))`;
    }
    return misfit(from, to);
  }

  function leaf(expression: string, from: DataType, to: DataType): string {
    if (typeof from !== "string" || typeof to !== "string" || !fits(from, to)) return misfit(from, to);
    if (from === "binary" && to === "string") return `decode(${expression})`;
    if (from === "string" && to === "binary") return `encode(${expression})`;
    return expression;
  }

  function misfit(from: DataType, to: DataType): never {
    throw new Error(`column ${JSON.stringify(column.name)} is ${duckTypeName(from)}, expected ${duckTypeName(to)}`);
  }

  return converted(quoteName(field.name), field.type, column.type);
}

/** Whether a CAST of the whole does it: the same fields in the same order, and no value needs more than a cast. */
function isAsStored(from: DataType, to: DataType, stored: Stored): boolean {
  if (typeof from === "string" || typeof to === "string")
    return from === to || (typeof from === "string" && typeof to === "string" && fits(from, to) && !isText(from, to));
  if (from.type === "array" && to.type === "array") return isAsStored(from.elementType, to.elementType, stored);
  if (from.type === "map" && to.type === "map")
    return isAsStored(from.keyType, to.keyType, stored) && isAsStored(from.valueType, to.valueType, stored);
  if (from.type !== "struct" || to.type !== "struct" || from.fields.length !== to.fields.length) return false;
  return to.fields.every((field, i) => {
    const found = from.fields[i] as FileField;
    return (
      found.name === field.name &&
      storedField(from.fields as FileField[], field, stored) === found &&
      isAsStored(found.type, field.type, stored)
    );
  });
}

const isText = (from: string, to: string) => (from === "binary") !== (to === "binary");

const WHOLE = ["byte", "short", "integer", "long"];
const TIMES = ["timestamp", "timestamp_ntz"];

/** Whether every value of a file's type is one of the wanted type, or fails to be cast: nothing is rounded or cut. */
function fits(from: string, to: string): boolean {
  if (from === to) return true;
  const [digits, scale] = decimalOf(to);
  if (digits !== undefined)
    return WHOLE.includes(from) || (decimalOf(from)[1] ?? Number.POSITIVE_INFINITY) <= (scale ?? 0);
  if (WHOLE.includes(to)) return WHOLE.includes(from) || decimalOf(from)[1] === 0;
  switch (to) {
    case "double":
      return from === "float" || WHOLE.includes(from);
    case "float":
      return from === "byte" || from === "short";
    case "timestamp":
    case "timestamp_ntz":
      return TIMES.includes(from) || from === "date";
    case "string":
      return from === "binary";
    case "binary":
      return from === "string";
    default:
      return false;
  }
}

function decimalOf(type: string): [number?, number?] {
  const [, digits, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  return digits === undefined ? [] : [Number(digits), Number(scale)];
}
