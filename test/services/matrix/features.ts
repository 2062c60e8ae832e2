import type { QuerySession } from "../../../src/engine/query-engine.ts";
import type { DataType } from "../../../src/engine/schema.ts";
import type { CreateOptions, Table } from "../../../src/table/table.ts";

/** What a table may use, and how each writer makes one that does. */
export interface Feature {
  readonly name: string;
  /** Where a few operations show all: these. */
  readonly operations?: readonly string[];
  /** Rows cannot be removed. */
  readonly appendsOnly?: true;
  /** Beyond the schema; `types` stand in the place of the usual ones. Missing: see the holes. */
  readonly ours?: Partial<CreateOptions> & {
    readonly types?: Readonly<Record<string, DataType>>;
    readonly notNull?: readonly string[];
    readonly midway?: (subject: { readonly table: Table; readonly session: QuerySession }) => Promise<unknown>;
  };
  readonly spark?: {
    /** Definitions in the place of the usual ones, and further columns. */
    readonly columns?: Readonly<Record<string, string>>;
    readonly clause?: string;
    readonly properties?: Readonly<Record<string, string>>;
    /** Statements between the first and the second rows. */
    readonly midway?: readonly string[];
  };
  /** Python: what `DeltaTable.create` is given beyond the schema, or in its place, and code between the first rows and the second. */
  readonly deltaRs?: { readonly create?: string; readonly midway?: string };
}

const properties = (given: Readonly<Record<string, string>>) => ({
  ours: { configuration: given },
  spark: { properties: given },
  deltaRs: { create: `configuration=${JSON.stringify(given)}` },
});

/** For features whose tables we read, and do not write. */
const READING = ["create, append", "merge", "update", "checkpoint", "add a column"];

export const FEATURES: readonly Feature[] = [
  { name: "nothing more", ours: {}, spark: {}, deltaRs: {} },
  {
    name: "partition columns",
    ours: { partitionColumns: ["region"] },
    spark: { clause: "PARTITIONED BY (region)" },
    deltaRs: { create: `partition_by=["region"]` },
  },
  {
    name: "columns mapped by name",
    ours: { configuration: { "delta.columnMapping.mode": "name" } },
    deltaRs: { create: `configuration={"delta.columnMapping.mode": "name"}` },
    spark: {
      columns: { gone: "STRING", renamed: "STRING" },
      properties: { "delta.columnMapping.mode": "name" },
      midway: ["ALTER TABLE $t DROP COLUMN gone", "ALTER TABLE $t RENAME COLUMN renamed TO gone"],
    },
  },
  {
    name: "columns mapped by id",
    ours: { configuration: { "delta.columnMapping.mode": "id" } },
    spark: { properties: { "delta.columnMapping.mode": "id" } },
    deltaRs: { create: `configuration={"delta.columnMapping.mode": "id"}` },
  },
  { name: "deletion vectors", ...properties({ "delta.enableDeletionVectors": "true" }) },
  { name: "change data feed", ...properties({ "delta.enableChangeDataFeed": "true" }) },
  {
    name: "in-commit timestamps",
    ours: { configuration: { "delta.enableInCommitTimestamps": "true" } },
    spark: { properties: { "delta.enableInCommitTimestamps": "true" } },
  },
  {
    name: "type widening",
    ours: { configuration: { "delta.enableTypeWidening": "true" } },
    spark: {
      columns: { id: "INT", amount: "DECIMAL(8,2)" },
      properties: { "delta.enableTypeWidening": "true" },
      midway: ["ALTER TABLE $t CHANGE COLUMN id TYPE BIGINT", "ALTER TABLE $t CHANGE COLUMN amount TYPE DECIMAL(12,2)"],
    },
  },
  {
    name: "v2 checkpoints",
    ours: { configuration: { "delta.checkpointPolicy": "v2", "delta.checkpointInterval": "1" } },
    spark: { properties: { "delta.checkpointPolicy": "v2", "delta.checkpointInterval": "1" } },
  },
  { name: "row tracking", spark: { properties: { "delta.enableRowTracking": "true" } } },
  { name: "clustering", spark: { clause: "CLUSTER BY (id)" } },
  {
    name: "NOT NULL",
    ours: { notNull: ["id"] },
    spark: { columns: { id: "BIGINT NOT NULL" } },
    deltaRs: { create: `schema=schema(not_null=["id"])` },
  },
  {
    name: "CHECK constraints",
    ours: {
      midway: ({ table, session }) =>
        table.alter({ addConstraint: { name: "positive", check: "id >= 0 AND name <> ''", session } }),
    },
    spark: { midway: ["ALTER TABLE $t ADD CONSTRAINT positive CHECK (id >= 0 AND name <> '')"] },
    deltaRs: { midway: `table().alter.add_constraint({"positive": "id >= 0 AND name <> ''"})` },
  },
  {
    name: "timestamps without zone",
    ours: { types: { at: "timestamp_ntz" } },
    spark: { columns: { at: "TIMESTAMP_NTZ" } },
    deltaRs: { create: `schema=schema(at="timestamp_ntz")` },
  },
  {
    name: "append only",
    appendsOnly: true,
    ...properties({ "delta.appendOnly": "true" }),
  },
  {
    name: "checkpoints of every commit",
    ...properties({ "delta.checkpointInterval": "1" }),
  },
  {
    name: "generated columns",
    operations: READING,
    spark: { columns: { twice: "BIGINT GENERATED ALWAYS AS (id * 2)" } },
  },
  {
    name: "identity columns",
    operations: READING,
    spark: { columns: { number: "BIGINT GENERATED ALWAYS AS IDENTITY" } },
  },
  {
    name: "column defaults",
    operations: READING,
    spark: {
      columns: { kind: "STRING DEFAULT 'usual'" },
      properties: { "delta.feature.allowColumnDefaults": "supported" },
    },
  },
  { name: "variants", operations: READING, spark: { columns: { any: "VARIANT" } } },
  {
    name: "Iceberg's reading (UniForm)",
    operations: READING,
    spark: {
      properties: { "delta.columnMapping.mode": "name", "delta.enableIcebergCompatV2": "true" },
    },
  },
];
