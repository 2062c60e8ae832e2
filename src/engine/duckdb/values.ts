import {
  type DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  type DuckDBListValue,
  type DuckDBMapValue,
  type DuckDBStructValue,
  type DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  listValue,
  mapValue,
  structValue,
} from "@duckdb/node-api";
import type { SqlValue } from "../query-engine.ts";
import type { DataType } from "../schema.ts";

const plain = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.VARCHAR,
]);

/** Whether values of a type already are SqlValues as the binding gives them. */
export const isPlain = (type: DuckDBType): boolean => plain.has(type.typeId);

/** A value as the port describes it. */
export function fromDuck(value: DuckDBValue): SqlValue {
  if (value === null || typeof value !== "object") return value;
  return fromObject(value as object);
}

function fromObject(value: object): SqlValue {
  switch (value.constructor.name) {
    case "DuckDBTimestampTZValue":
    case "DuckDBTimestampValue":
      return (value as DuckDBTimestampValue).micros;
    case "DuckDBTimestampSecondsValue":
      return (value as DuckDBTimestampSecondsValue).seconds * 1_000_000n;
    case "DuckDBTimestampMillisecondsValue":
      return (value as DuckDBTimestampMillisecondsValue).millis * 1000n;
    case "DuckDBTimestampNanosecondsValue":
      return (value as DuckDBTimestampNanosecondsValue).nanos / 1000n;
    case "DuckDBBlobValue":
      return new Uint8Array((value as DuckDBBlobValue).bytes);
    case "DuckDBListValue":
    case "DuckDBArrayValue":
      return (value as DuckDBListValue | DuckDBArrayValue).items.map(fromDuck);
    case "DuckDBStructValue":
      return Object.fromEntries(Object.entries((value as DuckDBStructValue).entries).map(([k, v]) => [k, fromDuck(v)]));
    case "DuckDBMapValue":
      return new Map((value as DuckDBMapValue).entries.map((e) => [fromDuck(e.key), fromDuck(e.value)]));
    default:
      return String(value);
  }
}

/** A UINTEGER comes as a number where `long` promises a bigint. */
export function fromDuckAs(value: DuckDBValue, type: DuckDBType): SqlValue {
  return type.typeId === DuckDBTypeId.UINTEGER && typeof value === "number" ? BigInt(value) : fromDuck(value);
}

/** A value as the binding takes it for a column of this type. */
export function toDuck(value: SqlValue, type: DataType): DuckDBValue {
  if (value === null) return null;
  if (typeof type === "string") return toDuckScalar(value, type);
  switch (type.type) {
    case "array":
      return listValue((value as readonly SqlValue[]).map((item) => toDuck(item, type.elementType)));
    case "map":
      return mapValue(
        [...(value instanceof Map ? value : Object.entries(value as object))].map(([key, item]) => ({
          key: toDuck(key, type.keyType),
          value: toDuck(item, type.valueType),
        })),
      );
    case "struct": {
      const entries = value as Readonly<Record<string, SqlValue>>;
      return structValue(Object.fromEntries(type.fields.map((f) => [f.name, toDuck(entries[f.name] ?? null, f.type)])));
    }
  }
}

function toDuckScalar(value: SqlValue, type: string): DuckDBValue {
  switch (type) {
    case "long":
      return BigInt(value as bigint | number);
    case "timestamp":
      return new DuckDBTimestampTZValue(BigInt(value as bigint));
    case "timestamp_ntz":
      return new DuckDBTimestampValue(BigInt(value as bigint));
    case "binary":
      return new DuckDBBlobValue(value as Uint8Array);
    case "date":
      return new DuckDBDateValue(Math.round(Date.parse(`${value as string}T00:00:00Z`) / 86_400_000));
    default:
      return type.startsWith("decimal") ? decimal(String(value), type) : (value as DuckDBValue);
  }
}

function decimal(text: string, type: string): DuckDBValue {
  const [width = 18, scale = 0] = [...type.matchAll(/\d+/g)].map((match) => Number(match[0]));
  const [whole = "0", fraction = ""] = text.split(".");
  return new DuckDBDecimalValue(BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0")), width, scale);
}
