import type { Column, DataType, StructType } from "../../../engine/schema.ts";

const struct = (fields: Readonly<Record<string, DataType>>): StructType => ({
  type: "struct",
  fields: Object.entries(fields).map(([name, type]) => ({ name, type, nullable: true, metadata: {} })),
});
const stringMap: DataType = { type: "map", keyType: "string", valueType: "string", valueContainsNull: true };
const strings: DataType = { type: "array", elementType: "string", containsNull: true };

const deletionVector = struct({
  storageType: "string",
  pathOrInlineDv: "string",
  offset: "integer",
  sizeInBytes: "integer",
  cardinality: "long",
});

/**
 * The columns of a classic checkpoint; a row has exactly one that is not null. The structs are whole, with what tables
 * of ours never use: there are readers that refuse a checkpoint without it.
 */
export const CHECKPOINT_COLUMNS: readonly Column[] = [
  { name: "txn", type: struct({ appId: "string", version: "long", lastUpdated: "long" }) },
  {
    name: "add",
    type: struct({
      path: "string",
      partitionValues: stringMap,
      size: "long",
      modificationTime: "long",
      dataChange: "boolean",
      stats: "string",
      tags: stringMap,
      deletionVector,
      baseRowId: "long",
      defaultRowCommitVersion: "long",
      clusteringProvider: "string",
    }),
  },
  {
    name: "remove",
    type: struct({
      path: "string",
      deletionTimestamp: "long",
      dataChange: "boolean",
      extendedFileMetadata: "boolean",
      partitionValues: stringMap,
      size: "long",
      deletionVector,
      baseRowId: "long",
      defaultRowCommitVersion: "long",
    }),
  },
  {
    name: "metaData",
    type: struct({
      id: "string",
      name: "string",
      description: "string",
      format: struct({ provider: "string", options: stringMap }),
      schemaString: "string",
      partitionColumns: strings,
      configuration: stringMap,
      createdTime: "long",
    }),
  },
  {
    name: "protocol",
    type: struct({
      minReaderVersion: "integer",
      minWriterVersion: "integer",
      readerFeatures: strings,
      writerFeatures: strings,
    }),
  },
  { name: "domainMetadata", type: struct({ domain: "string", configuration: "string", removed: "boolean" }) },
];

/** Those of a v2 checkpoint as well. */
export const READ_COLUMNS: readonly Column[] = [
  ...CHECKPOINT_COLUMNS,
  { name: "sidecar", type: struct({ path: "string" }) },
];
