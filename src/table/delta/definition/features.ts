import type { DataType, StructField } from "../../../engine/schema.ts";
import type { MetaData, Protocol } from "../log/actions.ts";
import { parseSchema } from "../log/state.ts";
import { mappingMode } from "./column-mapping.ts";

interface Feature {
  /** Readers must know it as well. */
  readonly reader?: true;
  /** The writer version that implies it; undefined for one that a protocol must name. */
  readonly writerVersion?: number;
  /** Whether a table of this definition makes use of it. */
  readonly usedBy?: (definition: Definition) => boolean;
}

interface Definition {
  readonly metaData: MetaData;
  /** Every field, those in structs, lists and maps as well. */
  readonly fields: readonly StructField[];
  readonly types: readonly DataType[];
}

const isOn =
  (property: string) =>
  ({ metaData }: Definition): boolean =>
    metaData.configuration[property]?.toLowerCase() === "true";
const inColumn =
  (prefix: string) =>
  ({ fields }: Definition): boolean =>
    fields.some(({ metadata }) => Object.keys(metadata ?? {}).some((key) => key.startsWith(prefix)));

/** The features that a property or the schema calls for (Delta protocol, "Valid Feature Names in Table Features"). */
const FEATURES: Readonly<Record<string, Feature>> = {
  appendOnly: { writerVersion: 2, usedBy: isOn("delta.appendOnly") },
  invariants: {
    writerVersion: 2,
    usedBy: (of) => inColumn("delta.invariants")(of) || of.fields.some(({ nullable }) => nullable === false),
  },
  checkConstraints: {
    writerVersion: 3,
    usedBy: ({ metaData }) => Object.keys(metaData.configuration).some((name) => name.startsWith("delta.constraints.")),
  },
  changeDataFeed: { writerVersion: 4, usedBy: isOn("delta.enableChangeDataFeed") },
  generatedColumns: { writerVersion: 4, usedBy: inColumn("delta.generationExpression") },
  columnMapping: {
    reader: true,
    writerVersion: 5,
    usedBy: ({ metaData }) => mappingMode(metaData.configuration) !== "none",
  },
  identityColumns: { writerVersion: 6, usedBy: inColumn("delta.identity.") },
  timestampNtz: { reader: true, usedBy: ({ types }) => types.includes("timestamp_ntz") },
  deletionVectors: { reader: true, usedBy: isOn("delta.enableDeletionVectors") },
  inCommitTimestamp: { usedBy: isOn("delta.enableInCommitTimestamps") },
  rowTracking: { usedBy: isOn("delta.enableRowTracking") },
  domainMetadata: { usedBy: isOn("delta.enableRowTracking") },
  typeWidening: { reader: true, usedBy: isOn("delta.enableTypeWidening") },
  v2Checkpoint: {
    reader: true,
    usedBy: ({ metaData }) => metaData.configuration["delta.checkpointPolicy"]?.toLowerCase() === "v2",
  },
  icebergCompatV1: { usedBy: isOn("delta.enableIcebergCompatV1") },
  icebergCompatV2: { usedBy: isOn("delta.enableIcebergCompatV2") },
  allowColumnDefaults: { usedBy: inColumn("CURRENT_DEFAULT") },
  vacuumProtocolCheck: { reader: true },
};

/** What every table of version (1,2) allows. */
const BASE = ["appendOnly", "invariants"];
const NAMED = 7;
/** Column mapping, and nothing else, is also a reader version of its own. */
const MAPPED_READER = 2;
const NAMED_READER = 3;

/**
 * The least protocol for a new table of this definition, as Spark makes it: (1,2) unless something is used that this
 * does not imply; an old version where it stands for just what is used; else every feature by name.
 */
export function protocolFor(metaData: MetaData, features: readonly string[] = []): Protocol {
  return protocolOf(new Set([...BASE, ...usedFeatures(metaData), ...features]));
}

/** A table's protocol when its definition becomes this one: what it allows already stays allowed. undefined: as it is. */
export function upgradedProtocol(
  protocol: Protocol,
  metaData: MetaData,
  features: readonly string[] = [],
): Protocol | undefined {
  const allowed = allowedFeatures(protocol);
  const missing = [...usedFeatures(metaData), ...features].filter((name) => !allowed.has(name));
  if (missing.length === 0) return undefined;
  const all = new Set([...(protocol.minWriterVersion === NAMED ? [] : BASE), ...allowed, ...missing]);
  const least = protocolOf(all);
  const lower =
    least.minWriterVersion < protocol.minWriterVersion || least.minReaderVersion < protocol.minReaderVersion;
  return lower ? byName(all, protocol) : least;
}

/** What a protocol allows, whether by name or by version. */
function allowedFeatures(protocol: Protocol): ReadonlySet<string> {
  const { minReaderVersion, minWriterVersion, readerFeatures, writerFeatures } = protocol;
  if (minWriterVersion === NAMED) return new Set([...(writerFeatures ?? []), ...(readerFeatures ?? [])]);
  const implied = new Set(impliedBy(minWriterVersion));
  if (minReaderVersion < MAPPED_READER) implied.delete("columnMapping");
  return implied;
}

function usedFeatures(metaData: MetaData): string[] {
  const { fields } = parseSchema(metaData);
  const every = fields.flatMap((field) => [field, ...fieldsIn(field.type)]);
  const definition = { metaData, fields: every, types: fields.flatMap(({ type }) => typesIn(type)) };
  return Object.entries(FEATURES).flatMap(([name, { usedBy }]) => (usedBy?.(definition) ? [name] : []));
}

function impliedBy(writerVersion: number): ReadonlySet<string> {
  const implied = Object.entries(FEATURES).filter(([, { writerVersion: from = NAMED }]) => from <= writerVersion);
  return new Set(implied.map(([name]) => name));
}

function protocolOf(features: ReadonlySet<string>): Protocol {
  for (let version = 2; version < NAMED; version++) {
    const implied = impliedBy(version);
    if (implied.size !== features.size || ![...implied].every((name) => features.has(name))) continue;
    return { minReaderVersion: features.has("columnMapping") ? MAPPED_READER : 1, minWriterVersion: version };
  }
  return byName(features);
}

function byName(features: ReadonlySet<string>, before?: Protocol): Protocol {
  const writerFeatures = [...features].sort();
  const known = new Set(before?.readerFeatures ?? []);
  const readerFeatures = writerFeatures.filter((name) => FEATURES[name]?.reader || known.has(name));
  if (before?.minReaderVersion !== NAMED_READER && readerFeatures.every((name) => name === "columnMapping"))
    return {
      minReaderVersion: readerFeatures.length === 0 ? 1 : MAPPED_READER,
      minWriterVersion: NAMED,
      writerFeatures,
    };
  return { minReaderVersion: NAMED_READER, minWriterVersion: NAMED, readerFeatures, writerFeatures };
}

/** The fields inside a type, however deep. */
function fieldsIn(type: DataType): StructField[] {
  if (typeof type === "string") return [];
  if (type.type === "array") return fieldsIn(type.elementType);
  if (type.type === "map") return [...fieldsIn(type.keyType), ...fieldsIn(type.valueType)];
  if (type.type !== "struct") return [];
  return type.fields.flatMap((field) => [field, ...fieldsIn(field.type)]);
}

/** A type and those in it. */
function typesIn(type: DataType): DataType[] {
  if (typeof type === "string") return [type];
  if (type.type === "array") return [type, ...typesIn(type.elementType)];
  if (type.type === "map") return [type, ...typesIn(type.keyType), ...typesIn(type.valueType)];
  if (type.type !== "struct") return [type];
  return [type, ...type.fields.flatMap((field) => typesIn(field.type))];
}
