import type { ColumnType } from "../define/column-type.ts";

export type PrimitiveType =
  | "string"
  | "long"
  | "integer"
  | "short"
  | "byte"
  | "float"
  | "double"
  | "boolean"
  | "binary"
  | "date"
  | "timestamp"
  | "timestamp_ntz"
  | `decimal(${number},${number})`;

/** A type as Delta's schemaString spells it. */
export type DataType = PrimitiveType | ArrayType | MapType | StructType;

export interface ArrayType {
  readonly type: "array";
  readonly elementType: DataType;
  readonly containsNull: boolean;
}
export interface MapType {
  readonly type: "map";
  readonly keyType: DataType;
  readonly valueType: DataType;
  readonly valueContainsNull: boolean;
}
export interface StructType {
  readonly type: "struct";
  readonly fields: readonly StructField[];
}
export interface StructField {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Column {
  readonly name: string;
  readonly type: DataType;
}

const scalars: Readonly<Record<string, PrimitiveType>> = {
  STRING: "string",
  BIGINT: "long",
  INT: "integer",
  SMALLINT: "short",
  TINYINT: "byte",
  DOUBLE: "double",
  FLOAT: "float",
  BOOLEAN: "boolean",
  DATE: "date",
  TIMESTAMP: "timestamp",
  TIMESTAMP_NTZ: "timestamp_ntz",
  BINARY: "binary",
};

/** The Delta type of a column as definitions write it. */
export function dataType(type: ColumnType): DataType {
  const array = /^ARRAY<(.+)>$/.exec(type);
  if (array !== null) return { type: "array", elementType: dataType(array[1] as ColumnType), containsNull: true };
  return scalars[type] ?? (type.toLowerCase() as PrimitiveType);
}

/** A struct type with every field nullable, as tables of ours have. */
export function structType(columns: readonly (Column & { readonly description?: string | undefined })[]): StructType {
  return {
    type: "struct",
    fields: columns.map(({ name, type, description }) => ({
      name,
      type,
      nullable: true,
      metadata: description === undefined ? {} : { comment: description },
    })),
  };
}
