/** What a row of every table here is told by; its other columns follow from its id. */
export interface Row {
  readonly id: number;
  readonly name: string;
}

/** Ids from `from` to before `to`. */
export interface Source {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

export const rowsOf = ({ from, to, name }: Source): Row[] =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i, name }));

export const COLUMNS = ["id", "region", "name", "amount", "at", "tags", "point"] as const;

/** Partitions are made of it: it has to be encoded in paths, and it is NULL for every third row. */
const REGION = "süd/ %20:=";
const FIRST_MICROS = 1577836800123456n;

/** Rows as our engine, Spark and delta-rs (DataFusion) make them. */
export const sourceSql = {
  ours: ({ from, to, name }: Source, more = "") =>
    `SELECT i::BIGINT AS id, CASE i % 3 WHEN 0 THEN 'north' WHEN 1 THEN '${REGION}' END AS region, '${name}' AS name,
      (i / 4)::DECIMAL(12,2) AS amount, make_timestamptz(${FIRST_MICROS} + i) AS at, ['t', i::VARCHAR] AS tags,
      {'x': i::BIGINT} AS point${more} FROM range(${from}, ${to}) r(i)`,
  spark: ({ from, to, name }: Source) =>
    `SELECT id, CASE id % 3 WHEN 0 THEN 'north' WHEN 1 THEN '${REGION}' END AS region, '${name}' AS name,
      CAST(id / 4 AS DECIMAL(12,2)) AS amount, timestamp_micros(${FIRST_MICROS} + id) AS at,
      array('t', CAST(id AS STRING)) AS tags, named_struct('x', id) AS point FROM range(${from}, ${to})`,
  deltaRs: ({ from, to, name }: Source) =>
    `SELECT value AS id, CASE value % 3 WHEN 0 THEN 'north' WHEN 1 THEN '${REGION}' END AS region, '${name}' AS name,
      CAST(value / 4.0 AS DECIMAL(12,2)) AS amount,
      arrow_cast(${FIRST_MICROS} + value, 'Timestamp(Microsecond, Some("UTC"))') AS at,
      make_array('t', CAST(value AS VARCHAR)) AS tags, named_struct('x', value) AS point FROM range(${from}, ${to})`,
};

/** All columns of a row as text that every reader gives alike. */
export const asTextSql = {
  ours: `id, region, name, amount::VARCHAR, epoch_us("at"), tags[1] || tags[2], point.x`,
  spark: "id, region, name, amount, unix_micros(CAST(at AS TIMESTAMP)), concat(tags[0], tags[1]), point.x",
  deltaRs: `id, region, name, CAST(amount AS VARCHAR), CAST(at AS BIGINT), tags[1] || tags[2], point['x']`,
};

/** What `asTextSql` gives for these rows, in one order. */
export function textOf(rows: readonly Row[]): string[] {
  const texts = rows.map(({ id, name }) => [
    id,
    [`north`, REGION, null][id % 3],
    name,
    (id / 4).toFixed(2),
    FIRST_MICROS + BigInt(id),
    `t${id}`,
    id,
  ]);
  return sortedText(texts);
}

export const sortedText = (rows: readonly (readonly unknown[])[]): string[] =>
  rows.map((row) => row.map((value) => (value === null ? "NULL" : String(value))).join("|")).sort();
