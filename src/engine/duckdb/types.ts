import {
  type DuckDBArrayType,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from "@duckdb/node-api";
import type { DataType, PrimitiveType } from "../schema.ts";

const names: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  integer: "INTEGER",
  short: "SMALLINT",
  byte: "TINYINT",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  binary: "BLOB",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
  timestamp_ntz: "TIMESTAMP",
};

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** SQL text ends at a NUL, so that stands beside it. */
export const quoteText = (text: string): string => {
  const [first = "", ...rest] = text.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return rest.length === 0 ? first : `(${[first, ...rest].join(" || chr(0) || ")})`;
};

export const textRows = (names: readonly string[]): string =>
  `SELECT ${names.map((name, i) => `_row[${i + 1}] AS ${quoteName(name)}`).join(", ")} FROM (SELECT unnest(from_json($1::VARCHAR, '[["VARCHAR"]]')) AS _row)`;

/** The DuckDB type that COPY writes as the Parquet type which Delta asks for. */
export function duckTypeName(type: DataType): string {
  if (typeof type === "string") return names[type] ?? type.toUpperCase();
  switch (type.type) {
    case "array":
      return `${duckTypeName(type.elementType)}[]`;
    case "map":
      return `MAP(${duckTypeName(type.keyType)}, ${duckTypeName(type.valueType)})`;
    case "struct":
      return `STRUCT(${type.fields.map((f) => `${quoteName(f.name)} ${duckTypeName(f.type)}`).join(", ")})`;
  }
}

const scalars: Partial<Record<DuckDBTypeId, PrimitiveType>> = {
  [DuckDBTypeId.BOOLEAN]: "boolean",
  [DuckDBTypeId.TINYINT]: "byte",
  [DuckDBTypeId.SMALLINT]: "short",
  [DuckDBTypeId.INTEGER]: "integer",
  [DuckDBTypeId.BIGINT]: "long",
  [DuckDBTypeId.HUGEINT]: "long",
  [DuckDBTypeId.UTINYINT]: "short",
  [DuckDBTypeId.USMALLINT]: "integer",
  [DuckDBTypeId.UINTEGER]: "long",
  [DuckDBTypeId.UBIGINT]: "long",
  [DuckDBTypeId.UHUGEINT]: "long",
  [DuckDBTypeId.FLOAT]: "float",
  [DuckDBTypeId.DOUBLE]: "double",
  [DuckDBTypeId.BLOB]: "binary",
  [DuckDBTypeId.DATE]: "date",
  [DuckDBTypeId.TIMESTAMP_TZ]: "timestamp",
  [DuckDBTypeId.TIMESTAMP]: "timestamp_ntz",
  [DuckDBTypeId.TIMESTAMP_S]: "timestamp_ntz",
  [DuckDBTypeId.TIMESTAMP_MS]: "timestamp_ntz",
  [DuckDBTypeId.TIMESTAMP_NS]: "timestamp_ntz",
};

/**
 * The Delta type of a result column. Unsigned and 128-bit integers (such as sums) become the next signed type, 128 bits
 * `long`; what Delta has no type for (TIME, UUID, ENUM, INTERVAL) is text.
 */
export function dataTypeOf(type: DuckDBType): DataType {
  switch (type.typeId) {
    case DuckDBTypeId.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType;
      return `decimal(${width},${scale})`;
    }
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const { valueType } = type as DuckDBListType | DuckDBArrayType;
      return { type: "array", elementType: dataTypeOf(valueType), containsNull: true };
    }
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      return {
        type: "map",
        keyType: dataTypeOf(keyType),
        valueType: dataTypeOf(valueType),
        valueContainsNull: true,
      };
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      return {
        type: "struct",
        fields: entryTypes.map((entry, i) => ({
          name: entryNames[i] ?? "",
          type: dataTypeOf(entry),
          nullable: true,
          metadata: {},
        })),
      };
    }
    default:
      return scalars[type.typeId] ?? "string";
  }
}
