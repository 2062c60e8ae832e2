import { randomUUID } from "node:crypto";
import type { QuerySession, SqlValue } from "../../../engine/query-engine.ts";
import type { StructField } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import { physicalName, type TableSchema } from "../definition/column-mapping.ts";
import type { AddFile } from "../log/actions.ts";
import { withScratch } from "./scratch.ts";

export type PartitionValues = AddFile["partitionValues"];

/** The same text for files of the same partition. */
export const partitionKey = ({ partitionValues }: AddFile): string =>
  JSON.stringify(Object.entries(partitionValues).toSorted());

/** Rows of one partition: a query of the columns that are not partition columns, in schema order. */
export interface PartitionRows {
  readonly sql: string;
  readonly values: PartitionValues;
}

/** The columns that files hold: those of partitions stand in the log. */
export const storedFields = ({ fields }: TableSchema, partitionColumns: readonly string[]): readonly StructField[] =>
  partitionColumns.length === 0 ? fields : fields.filter(({ name }) => !partitionColumns.includes(name));

/**
 * The rows of a query (all columns, in schema order) partition by partition. Empty text and NULL are the same partition: the
 * log has one word for both.
 */
export async function eachPartition(
  session: QuerySession,
  sql: string,
  { table, schema, partitionColumns, signal }: PartitionOptions,
  work: (rows: PartitionRows) => Promise<void>,
): Promise<void> {
  const q = session.quote;
  const partitioned = `partitioned_${randomUUID()}`;
  const running = signal === undefined ? {} : { signal };
  const columns = partitionColumns.map((column) => schema.fields.find(({ name }) => name === column) as StructField);
  const bytes = columns.find(({ type }) => type === "binary");
  if (bytes !== undefined)
    throw new PinlakeError("TABLE_UNSUPPORTED", {
      table,
      feature: `writing the partition column ${bytes.name} of bytes`,
    });
  const names = columns.map(({ name }) => q(name)).join(", ");
  const values = schema.fields.map(({ name, type }) =>
    type === "string" && partitionColumns.includes(name) ? `NULLIF(${q(name)}, '') AS ${q(name)}` : q(name),
  );
  const stored = storedFields(schema, partitionColumns).map(({ name }) => q(name));
  return withScratch(session, { tables: [partitioned] }, async () => {
    // In order, so that reading one partition passes over the others.
    await session.execute(
      `CREATE TEMPORARY TABLE ${q(partitioned)} AS SELECT ${values.join(", ")} FROM (${sql}) AS t ORDER BY ${names}`,
      running,
    );
    const { rows } = await session.query(`SELECT DISTINCT ${names} FROM ${q(partitioned)} ORDER BY ${names}`, running);
    for (const row of rows) {
      const texts = columns.map((column, i) => partitionText(row[i] ?? null, column));
      const conditions = columns.map(({ name, type }, i) => {
        const text = texts[i];
        return text == null
          ? `${q(name)} IS NULL`
          : `${q(name)} = CAST(${session.literal(text)} AS ${session.typeName(type)})`;
      });
      await work({
        sql: `SELECT ${stored.join(", ")} FROM ${q(partitioned)} WHERE ${conditions.join(" AND ")}`,
        values: Object.fromEntries(columns.map((column, i) => [physicalName(schema, column), texts[i] ?? null])),
      });
    }
  });
}

export interface PartitionOptions {
  /** For messages: where the table lies. */
  readonly table: string;
  readonly schema: TableSchema;
  readonly partitionColumns: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** A value as the log spells it (Delta protocol, "Partition Value Serialization"). */
function partitionText(value: SqlValue, { type }: StructField): string | null {
  if (value === null) return null;
  if (type === "date") return plainYear(String(value));
  if (typeof value !== "bigint") return String(value);
  if (type === "timestamp") return `${dateTime(value, "T")}Z`;
  return type === "timestamp_ntz" ? dateTime(value, " ") : value.toString();
}

/** A day with its year as ISO 8601 counts them, 0 before 1, in four digits or as many as it takes, and no plus before it. */
const plainYear = (day: string): string => {
  const [, yearBefore, monthAndDay] = /^([0-9]+)(.+) \(BC\)$/.exec(day) ?? [];
  if (yearBefore !== undefined) return `-${String(Number(yearBefore) - 1).padStart(4, "0")}${monthAndDay}`;
  return day.replace(/^([+-])0*([0-9]{4,}-)/, (_, sign, year) => (sign === "-" ? `-${year}` : year));
};

function dateTime(micros: bigint, between: string): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const [date = "", time = ""] = new Date(Number((micros - fraction) / 1000n)).toISOString().split("T");
  return `${plainYear(date)}${between}${time.slice(0, 8)}.${fraction.toString().padStart(6, "0")}`;
}
