/** Column types as Spark SQL and Delta name them. TIMESTAMP is an instant in UTC with microseconds. */
export type ScalarType =
  | "STRING"
  | "BIGINT"
  | "INT"
  | "SMALLINT"
  | "TINYINT"
  | "DOUBLE"
  | "FLOAT"
  | "BOOLEAN"
  | "DATE"
  | "TIMESTAMP"
  | "TIMESTAMP_NTZ"
  | "BINARY"
  | `DECIMAL(${number},${number})`;

export type ColumnType = ScalarType | `ARRAY<${ScalarType}>`;

const SCALAR =
  /^(STRING|BIGINT|INT|SMALLINT|TINYINT|DOUBLE|FLOAT|BOOLEAN|DATE|TIMESTAMP|TIMESTAMP_NTZ|BINARY|DECIMAL\((\d{1,2}),(\d{1,2})\))$/;

export function isColumnType(text: string): text is ColumnType {
  const array = /^ARRAY<(.+)>$/.exec(text);
  const scalar = SCALAR.exec(array?.[1] ?? text);
  if (scalar === null) return false;
  if (scalar[2] === undefined) return true;
  const precision = Number(scalar[2]);
  return precision >= 1 && precision <= 38 && Number(scalar[3]) <= precision;
}
