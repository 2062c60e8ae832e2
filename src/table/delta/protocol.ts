import type { DataType, StructType } from "../../engine/schema.ts";
import { PinlakeError } from "../../errors.ts";
import type { MetaData, Protocol } from "./actions.ts";
import { mappingMode } from "./column-mapping.ts";
import { parseSchema } from "./state.ts";

const READ = new Set([
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
]);

interface Feature {
  readonly name: string;
  /** Readers have to know it as well. */
  readonly forReaders?: boolean;
  /** The writer version that implies it, for features older than lists of them; readers too may have a version for it. */
  readonly since?: { readonly writer: number; readonly reader?: number };
  readonly isNeeded?: (metaData: Pick<MetaData, "schemaString" | "configuration">) => boolean;
}

type IsNeeded = NonNullable<Feature["isNeeded"]>;

const isOn =
  (property: string): IsNeeded =>
  ({ configuration }) =>
    configuration[property]?.toLowerCase() === "true";

const FEATURES: readonly Feature[] = [
  { name: "appendOnly", since: { writer: 2 } },
  { name: "invariants", since: { writer: 2 } },
  {
    name: "checkConstraints",
    since: { writer: 3 },
    isNeeded: ({ configuration }) => Object.keys(configuration).some((name) => name.startsWith("delta.constraints.")),
  },
  { name: "changeDataFeed", since: { writer: 4 }, isNeeded: isOn("delta.enableChangeDataFeed") },
  { name: "generatedColumns", since: { writer: 4 } },
  {
    name: "columnMapping",
    forReaders: true,
    since: { writer: 5, reader: 2 },
    isNeeded: ({ configuration }) => mappingMode(configuration) !== "none",
  },
  { name: "identityColumns", since: { writer: 6 } },
  {
    name: "timestampNtz",
    forReaders: true,
    isNeeded: ({ schemaString }) => mentions(JSON.parse(schemaString) as StructType, "timestamp_ntz"),
  },
  { name: "deletionVectors", forReaders: true, isNeeded: isOn("delta.enableDeletionVectors") },
];

const LEAST: Protocol = { minReaderVersion: 1, minWriterVersion: 2 };

/**
 * What readers and writers of a table have to know: what they had to before, and what its schema and properties need. The
 * oldest versions that say so, because they ask least; where these cannot, every feature by name.
 */
export function protocolFor(
  metaData: Pick<MetaData, "schemaString" | "configuration">,
  before: Protocol = LEAST,
): Protocol {
  const has = supportedBy(before);
  const needed = FEATURES.filter(({ name, isNeeded }) => isNeeded?.(metaData) === true && !has.writer.has(name));
  if (needed.length === 0) return before;
  const all = [...has.writer, ...needed.map(({ name }) => name)];
  if (before.minWriterVersion < 7 && needed.every(({ since }) => since !== undefined))
    return {
      minReaderVersion: Math.max(before.minReaderVersion, ...needed.map(({ since }) => since?.reader ?? 1)),
      minWriterVersion: Math.max(before.minWriterVersion, ...needed.map(({ since }) => since?.writer ?? 2)),
    };
  const readers = [...has.reader, ...needed.flatMap(({ name, forReaders }) => (forReaders === true ? [name] : []))];
  if (before.minReaderVersion < 3 && readers.every((name) => has.reader.has(name)))
    return { minReaderVersion: before.minReaderVersion, minWriterVersion: 7, writerFeatures: all };
  return { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: readers, writerFeatures: all };
}

/** The features that a protocol has, by name or by version. */
function supportedBy(protocol: Protocol): { readonly reader: Set<string>; readonly writer: Set<string> } {
  const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = protocol;
  const by = (version: (since: NonNullable<Feature["since"]>) => number, most: number) =>
    FEATURES.flatMap(({ name, since }) => (since !== undefined && version(since) <= most ? [name] : []));
  const writer = minWriterVersion >= 7 ? (writerFeatures ?? []) : by((since) => since.writer, minWriterVersion);
  const reader = minReaderVersion >= 3 ? (readerFeatures ?? []) : by((since) => since.reader ?? 9, minReaderVersion);
  return { reader: new Set(reader), writer: new Set(writer) };
}

function mentions(type: DataType, wanted: string): boolean {
  if (typeof type === "string") return type === wanted;
  if (type.type === "array") return mentions(type.elementType, wanted);
  if (type.type === "map") return mentions(type.keyType, wanted) || mentions(type.valueType, wanted);
  return type.fields.some((field) => mentions(field.type, wanted));
}

/** Throws TABLE_UNSUPPORTED, naming the feature, unless we can read the table right. */
export function checkReadable(table: string, protocol: Protocol, metaData: MetaData): void {
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
  checkReadable(table, protocol, metaData);
  const refuse = (feature: string): never => {
    throw new PinlakeError("TABLE_UNSUPPORTED", { table, feature: `${feature} (for writing)` });
  };
  if (protocol.minWriterVersion > 7) refuse(`writer version ${protocol.minWriterVersion}`);
  for (const feature of protocol.writerFeatures ?? []) if (!WRITE.has(feature)) refuse(feature);
  for (const [name, value] of Object.entries(metaData.configuration)) {
    if (name.startsWith("delta.constraints.")) refuse(name);
    if (["delta.enableChangeDataFeed", "delta.enableRowTracking", "delta.enableInCommitTimestamps"].includes(name))
      if (value.toLowerCase() === "true") refuse(name);
  }
  for (const duty of ['"nullable":false', '"delta.invariants"', '"delta.generationExpression"', '"delta.identity.'])
    if (metaData.schemaString.replaceAll(/\s+/g, "").includes(duty))
      refuse(`a column with ${duty.replaceAll('"', "")}`);
}

const FORBIDDEN = /[ ,;{}()\n\t=]/;

/** Throws TABLE_UNSUPPORTED for a schema that a table of ours cannot have. */
export function checkSchema(table: string, schema: StructType): void {
  const seen = new Set<string>();
  for (const { name, nullable } of schema.fields) {
    const refuse = (feature: string): never => {
      throw new PinlakeError("TABLE_UNSUPPORTED", { table, feature });
    };
    if (name === "" || FORBIDDEN.test(name)) refuse(`the column name ${JSON.stringify(name)}`);
    if (seen.has(name.toLowerCase())) refuse(`two columns named ${JSON.stringify(name)}`);
    if (!nullable) refuse(`the NOT NULL column ${JSON.stringify(name)}`);
    seen.add(name.toLowerCase());
  }
}
