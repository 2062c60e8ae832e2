import { z } from "zod";
import { type ColumnType, isColumnType } from "./column-type.ts";
import { parseDefinition } from "./parse-definition.ts";

const columnType = z.custom<ColumnType>((value) => typeof value === "string" && isColumnType(value), {
  message:
    "must be STRING, BIGINT, INT, SMALLINT, TINYINT, DOUBLE, FLOAT, BOOLEAN, DATE, TIMESTAMP, TIMESTAMP_NTZ, BINARY, DECIMAL(p,s) or ARRAY<one of these>",
});
/** Names that need no quotes in any engine, and are no `_position` column of ours. */
const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, "must be lower-case letters, digits and _, starting with a letter");
const fieldName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, "must be letters, digits and _, starting with a letter");

const rule = z.strictObject({
  /** The reason that rows get, such as `bad_age`. */
  name: identifier,
  /** SQL over the clean columns (by name) and the raw ones (`raw.field`) that is true for a bad row; NULL is not bad. */
  when: z.string().min(1),
  /** What is wrong, in a sentence without the value. */
  message: z.string().min(1),
  /** Raw fields whose values the reason quotes. */
  fields: z.array(fieldName).default([]),
});

const datasetSchema = z.strictObject({
  name: identifier,
  description: z.string().default(""),
  /** The table of the source whose rows are posts of this dataset, if there is one. */
  sourceTable: z.string().optional(),
  /** What this dataset takes. `*` stands for any characters. */
  inputs: z
    .strictObject({
      topics: z.array(z.string().min(1)).default([]),
      streams: z.array(z.string().min(1)).default([]),
      /** Partition keys, for streams that several datasets share: those that no `streams` pattern claims. */
      partitionKeys: z.array(z.string().min(1)).default([]),
    })
    .optional(),
  /** The raw record: each field reaches the SQL as text under this name, whatever its JSON type. */
  record: z.strictObject({
    fields: z.record(
      fieldName,
      z.strictObject({
        description: z.string().default(""),
        /** Other spellings that are accepted; the field's own name wins. */
        aliases: z.array(fieldName).default([]),
      }),
    ),
    /** The field that the key column comes from. */
    key: fieldName,
    /** Fields that only this dataset's records have: how a record that strayed to another dataset is known. */
    markers: z.array(fieldName).default([]),
  }),
  /** The key column: one row each. */
  key: identifier,
  columns: z.array(z.strictObject({ name: identifier, type: columnType, description: z.string().default("") })).min(1),
  /** Rows for which one is true go to the quarantine with its name: the first in this order. */
  checks: z.array(rule).default([]),
  /** Rows for which one is true stay and are counted in the run's report. */
  warnings: z.array(rule).default([]),
  /** The cleaning: one SELECT over `raw`. A path beside the definition; default `<name>.sql`. */
  sql: z.string().optional(),
});

/** What a user writes. */
export type DatasetInput = z.input<typeof datasetSchema>;
/** What the engine works with: every default filled in. */
export type DatasetDefinition = Omit<z.output<typeof datasetSchema>, "inputs" | "sql"> & {
  readonly inputs: {
    readonly topics: readonly string[];
    readonly streams: readonly string[];
    readonly partitionKeys: readonly string[];
  };
  readonly sql: string;
};
export type Rule = z.output<typeof rule>;

/** A dataset whose SQL has been read. */
export interface Dataset extends DatasetDefinition {
  /** The text of its SELECT. */
  readonly select: string;
  /** Changes when what its table holds would change: the definition and the text. */
  readonly hash: string;
}

/** Defines a dataset. Throws CONFIG_INVALID naming each wrong key and what is allowed there. */
export function defineDataset(input: DatasetInput): DatasetDefinition {
  const parsed = parseDefinition("dataset", datasetSchema, input, crossChecks);
  return {
    ...parsed,
    inputs: parsed.inputs ?? {
      topics: [`*.${parsed.name}`],
      streams: [`streaming-*-${parsed.name}`],
      partitionKeys: [`*-${parsed.name}`],
    },
    sql: parsed.sql ?? `${parsed.name}.sql`,
  };
}

/** What an engine calls the file that a row lies in, and its number there: a column of that name would hide it. */
const OF_ENGINES = ["file_index", "file_row_number"];

function crossChecks(dataset: z.output<typeof datasetSchema>): string[] {
  const problems: string[] = [];
  const fields = Object.keys(dataset.record.fields);
  const known = (field: string, where: string) => {
    if (!fields.includes(field))
      problems.push(`${where}: "${field}" is no field of record.fields (${fields.join(", ")})`);
  };
  known(dataset.record.key, "record.key");
  for (const marker of dataset.record.markers) known(marker, "record.markers");
  for (const [kind, rules] of [
    ["checks", dataset.checks],
    ["warnings", dataset.warnings],
  ] as const) {
    for (const [i, { fields: quoted }] of rules.entries())
      for (const field of quoted) known(field, `${kind}.${i}.fields`);
  }
  const columns = dataset.columns.map((column) => column.name);
  if (!columns.includes(dataset.key)) problems.push(`key: "${dataset.key}" is no column (${columns.join(", ")})`);
  if (dataset.columns.some(({ name, type }) => name === dataset.key && type.startsWith("ARRAY")))
    problems.push(`key: "${dataset.key}" is an ARRAY; a key is one value`);
  for (const name of columns.filter((column) => OF_ENGINES.includes(column)))
    problems.push(`columns: "${name}" is a name that engines use themselves; choose another`);
  for (const name of columns.filter((column, i) => columns.indexOf(column) !== i))
    problems.push(`columns: "${name}" stands twice`);
  const spellings = Object.entries(dataset.record.fields).flatMap(([field, { aliases }]) => [field, ...aliases]);
  for (const name of spellings.filter((field, i) => spellings.indexOf(field) !== i))
    problems.push(`record.fields: "${name}" stands twice`);
  const inSql = fields.map((field) => field.toLowerCase());
  for (const name of fields.filter((_, i) => inSql.indexOf(inSql[i] as string) !== i))
    problems.push(`record.fields: "${name}" stands twice for SQL, which tells no case; make one an alias`);
  return problems;
}

/** Whether a `*` pattern matches a whole name. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(name);
}
