import type { StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { MetaData, Protocol } from "../log/actions.ts";
import { checkPartitionColumns, checkSchema } from "./check-schema.ts";
import { mappingMode, withMapping } from "./column-mapping.ts";
import { protocolFor, upgradedProtocol } from "./features.ts";
import { checkWritable } from "./protocol.ts";

/** What a table is, apart from its rows. */
export interface Definition {
  readonly protocol: Protocol;
  readonly metaData: MetaData;
}

const MAX_ID = "delta.columnMapping.maxColumnId";
const FEATURE = "delta.feature.";

/**
 * The definition that a table gets by this metadata: columns mapped where a property says so, and the least protocol that
 * allows all of it (of `before` what it allowed already). Changes nothing in a definition that is whole.
 * Throws TABLE_UNSUPPORTED and USAGE for one that no table of ours can have.
 */
export function defined(table: string, wanted: MetaData, before?: Definition): Definition {
  const { configuration, features } = withoutFeatures(wanted.configuration);
  const metaData = mapped(table, { ...wanted, configuration }, before);
  const schema = JSON.parse(metaData.schemaString) as StructType;
  if (metaData.schemaString !== before?.metaData.schemaString)
    checkSchema(table, schema, { anyName: mappingMode(configuration) !== "none" });
  checkPartitionColumns(table, schema, metaData.partitionColumns);
  const protocol =
    before === undefined
      ? protocolFor(metaData, features)
      : (upgradedProtocol(before.protocol, metaData, features) ?? before.protocol);
  checkWritable(table, protocol, metaData);
  return { protocol, metaData };
}

/** `delta.feature.x = supported` asks for a protocol, and is no property of the table. */
function withoutFeatures(given: MetaData["configuration"]): {
  readonly configuration: MetaData["configuration"];
  readonly features: readonly string[];
} {
  const entries = Object.entries(given);
  return {
    configuration: Object.fromEntries(entries.filter(([name]) => !name.startsWith(FEATURE))),
    features: entries.flatMap(([name]) => (name.startsWith(FEATURE) ? [name.slice(FEATURE.length)] : [])),
  };
}

function mapped(table: string, metaData: MetaData, before: Definition | undefined): MetaData {
  const mode = mappingMode(metaData.configuration);
  const was = before && mappingMode(before.metaData.configuration);
  if (was !== undefined && was !== mode && !(was === "none" && mode === "name"))
    throw new PinlakeError("USAGE", {
      message: `${table}: delta.columnMapping.mode cannot change from ${was} to ${mode}, only from none to name.`,
    });
  if (mode === "none") return metaData;
  const known = [metaData, before?.metaData].map((one) => Number(one?.configuration[MAX_ID] ?? 0));
  const { schema, maxId } = withMapping(JSON.parse(metaData.schemaString), {
    maxId: Math.max(...known),
    names: was === "none" ? "own" : "new",
  });
  return {
    ...metaData,
    schemaString: JSON.stringify(schema),
    configuration: { ...metaData.configuration, [MAX_ID]: String(maxId) },
  };
}
