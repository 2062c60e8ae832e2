import type { SqlValue } from "./query-engine.ts";
import type { DataType } from "./schema.ts";

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * A value as JSON shows it: integers and floating point as numbers (text beyond 2^53, and for NaN and the infinities),
 * timestamps as `2020-08-28T03:52:47Z` with a fraction only when it is not zero and without `Z` when they have no zone,
 * dates and decimals as text, binary as base64, structs as objects. Maps are objects when their keys are text, else arrays
 * of pairs.
 */
export function toJsonValue(type: DataType, value: SqlValue): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof type !== "string") return nested(type, value);
  if (type === "timestamp" || type === "timestamp_ntz") return timestamp(BigInt(value as bigint), type === "timestamp");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return value as JsonValue;
}

function nested(type: Exclude<DataType, string>, value: SqlValue): JsonValue {
  if (type.type === "array")
    return (value as readonly SqlValue[]).map((element) => toJsonValue(type.elementType, element));
  if (type.type === "map") {
    const pairs = [...(value as ReadonlyMap<SqlValue, SqlValue>)].map(
      ([key, element]) => [toJsonValue(type.keyType, key), toJsonValue(type.valueType, element)] as const,
    );
    return type.keyType === "string" ? Object.fromEntries(pairs) : pairs;
  }
  const fields = value as Readonly<Record<string, SqlValue>>;
  return Object.fromEntries(
    type.fields.map((field) => [field.name, toJsonValue(field.type, fields[field.name] ?? null)]),
  );
}

function timestamp(micros: bigint, zoned: boolean): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5);
  const digits = fraction === 0n ? "" : `.${fraction.toString().padStart(6, "0").replace(/0+$/, "")}`;
  return `${seconds}${digits}${zoned ? "Z" : ""}`;
}

/** RFC 4180 with LF: a header, commas, quotes only where they are needed, NULL empty (an empty text is `""`). Values in their JSON forms. */
export const toCsv = (columns: readonly string[], rows: readonly (readonly JsonValue[])[]): string =>
  csvLines([columns, ...rows]);

/** The same without a header. */
export function csvLines(rows: readonly (readonly JsonValue[])[]): string {
  const field = (value: JsonValue): string => {
    if (value === null) return "";
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(field).join(",")}\n`).join("");
}
