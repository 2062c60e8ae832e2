import type { DataType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { MetaData, Protocol } from "../log/actions.ts";
import { parseSchema } from "../log/state.ts";
import { mappingMode } from "./column-mapping.ts";

/** delta-rs names variants for every table that names anything; what has none of them asks nothing. */
const VARIANTS = ["variantType", "variantType-preview"];
const READ = new Set([
  ...VARIANTS,
  "timestampNtz",
  "vacuumProtocolCheck",
  "typeWidening",
  "typeWidening-preview",
  "deletionVectors",
  "columnMapping",
  "v2Checkpoint",
]);
/** Features whose duties we keep, or that are duties only while a property or the schema makes them so. */
const WRITE = new Set([
  ...VARIANTS,
  "timestampNtz",
  "vacuumProtocolCheck",
  "appendOnly",
  "invariants",
  "checkConstraints",
  "changeDataFeed",
  "generatedColumns",
  "identityColumns",
  "columnMapping",
  "deletionVectors",
  "inCommitTimestamp",
  "typeWidening",
  "v2Checkpoint",
  "domainMetadata",
]);

/** Definitions that were found good, as what they are: each is looked at once, not with every commit. */
const [readable, writable] = [new WeakMap<MetaData, Protocol>(), new WeakMap<MetaData, Protocol>()];

/** Throws TABLE_UNSUPPORTED, naming the feature, unless we can read the table right. */
export function checkReadable(table: string, protocol: Protocol, metaData: MetaData): void {
  if (readable.get(metaData) === protocol) return;
  const schema = parseSchema(metaData);
  const refuse = (feature: string): never => {
    throw new PinlakeError("TABLE_UNSUPPORTED", { table, feature });
  };
  if (protocol.minReaderVersion > 3) refuse(`reader version ${protocol.minReaderVersion}`);
  if (protocol.minReaderVersion === 3)
    for (const feature of protocol.readerFeatures ?? []) if (!READ.has(feature)) refuse(feature);
  const mapping = mappingMode(metaData.configuration);
  if (!["none", "name", "id"].includes(mapping)) refuse(`columnMapping ${mapping}`);
  if (mapping !== "none" && !allowsMapping(protocol)) refuse("columnMapping, which its protocol does not name");
  const unknown = unknownType(schema);
  if (unknown !== undefined) refuse(`type ${unknown}`);
  if (metaData.format.provider !== "parquet") refuse(`format ${metaData.format.provider}`);
  readable.set(metaData, protocol);
}

const allowsMapping = ({ minReaderVersion, readerFeatures }: Protocol) =>
  minReaderVersion === 2 || (minReaderVersion === 3 && readerFeatures?.includes("columnMapping") === true);

const TYPE =
  /^(string|long|integer|short|byte|float|double|boolean|binary|date|timestamp|timestamp_ntz|decimal\([0-9]+,[0-9]+\))$/;

/** A type in a schema that we do not know, as it spells it. */
function unknownType(type: DataType): string | undefined {
  if (typeof type === "string") return TYPE.test(type) ? undefined : type;
  if (type.type === "array") return unknownType(type.elementType);
  if (type.type === "map") return unknownType(type.keyType) ?? unknownType(type.valueType);
  if (type.type !== "struct") return JSON.stringify(type);
  for (const field of type.fields) {
    const unknown = unknownType(field.type);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

/** Throws TABLE_UNSUPPORTED unless we can keep every promise that a writer of this table makes. */
export function checkWritable(table: string, protocol: Protocol, metaData: MetaData): void {
  if (writable.get(metaData) === protocol) return;
  checkReadable(table, protocol, metaData);
  const refuse = (feature: string): never => {
    throw new PinlakeError("TABLE_UNSUPPORTED", { table, feature: `${feature} (for writing)` });
  };
  if (protocol.minWriterVersion > 7) refuse(`writer version ${protocol.minWriterVersion}`);
  for (const feature of protocol.writerFeatures ?? []) if (!WRITE.has(feature)) refuse(feature);
  if (metaData.configuration["delta.enableRowTracking"]?.toLowerCase() === "true") refuse("delta.enableRowTracking");
  for (const duty of ['"delta.generationExpression"', '"delta.identity.'])
    if (metaData.schemaString.replaceAll(/\s+/g, "").includes(duty))
      refuse(`a column with ${duty.replaceAll('"', "")}`);
  writable.set(metaData, protocol);
}
