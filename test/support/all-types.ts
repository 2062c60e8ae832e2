import { type Column, structType } from "../../src/engine/schema.ts";

/** A column of every kind of type that other engines write alike. */
export const ALL_TYPES: readonly Column[] = [
  { name: "id", type: "long" },
  { name: "small", type: "short" },
  { name: "name", type: "string" },
  { name: "at", type: "timestamp" },
  { name: "day", type: "date" },
  { name: "ratio", type: "double" },
  { name: "price", type: "decimal(12,3)" },
  { name: "flag", type: "boolean" },
  { name: "bytes", type: "binary" },
  { name: "point", type: { type: "array", elementType: "double", containsNull: true } },
  { name: "nested", type: structType([{ name: "x", type: "long" }]) },
];

/** Ids are beyond 2^53, so that whoever reads stats through doubles gives itself away. */
export const FIRST_ID = 9007199254740993n;

/** A query of rows in those columns: NULLs, characters of two bytes, microseconds and fractions among them. */
export const allTypesSql = (from: number, to: number, name: string): string =>
  `SELECT ${FIRST_ID} + i AS id, (i % 100)::SMALLINT AS small, '${name} é' AS name,
    TIMESTAMPTZ '2020-01-01 00:00:00.123456+00' + INTERVAL (i) SECOND AS at, DATE '2020-01-01' + i::INT AS day,
    CASE WHEN i % 10 = 0 THEN NULL ELSE i / 4.0::DOUBLE END AS ratio, (i / 8)::DECIMAL(12,3) AS price,
    i % 2 = 0 AS flag, ('b' || i)::BLOB AS bytes, [i::DOUBLE, NULL] AS point, {'x': i::BIGINT} AS nested
    FROM range(${from}, ${to}) r(i)`;
