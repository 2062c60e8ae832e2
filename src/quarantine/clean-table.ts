import type { Dataset } from "../define/dataset.ts";
import { POSITION_COLUMNS } from "../engine/quarantine-columns.ts";
import { dataType, type StructType, structType } from "../engine/schema.ts";
import { isPinlakeError, PinlakeError } from "../errors.ts";
import type { Snapshot, Table } from "../table/table.ts";
import type { Arm } from "./progress.ts";
import { type Quarantine, REBUILD_PROPERTY } from "./quarantine.ts";

/** The table property that holds the hash of the definition whose rows the table has. */
export const DEFINITION_PROPERTY = "pinlake.definition";

export const cleanTablePrefix = (arm: Arm, dataset: string): string => `${arm}/${dataset}`;

/** A dataset's columns, then where each row came from. */
export function cleanSchema(dataset: Dataset): StructType {
  return structType([
    ...dataset.columns.map(({ name, type, description }) => ({ name, type: dataType(type), description })),
    ...POSITION_COLUMNS.map((column) => ({ ...column, description: positionDescriptions[column.name] })),
  ]);
}

const positionDescriptions: Readonly<Record<string, string>> = {
  _topic: "Topic or stream that the row came from",
  _partition: "Partition or shard that the row came from",
  _offset: "Offset that the row came from",
};

/** SQL over `source` and `target`: the total order "newer than" of records (see Position). */
export const NEWER_THAN_STORED =
  "(source._offset, source._partition, source._topic) > (target._offset, target._partition, target._topic)";

/**
 * Opens an arm's clean table as a run must find it, making it when there is none.
 * Throws DEFINITION_CHANGED and REBUILD_UNFINISHED, each naming the command that mends it.
 */
export async function openCleanTable(options: {
  readonly table: Table;
  readonly quarantine: Quarantine;
  readonly dataset: Dataset;
  /** What rebuilds this arm's table. */
  readonly rebuildCommand: string;
  /** Further table properties of a new table. */
  readonly configuration?: Readonly<Record<string, string>>;
}): Promise<Snapshot> {
  const { table, quarantine, dataset, rebuildCommand } = options;
  const refusal = { dataset: dataset.name, arm: quarantine.arm, command: rebuildCommand };
  const [found, begun] = [await table.find(), await quarantine.rebuildBegun(dataset.name)];
  if (begun !== found?.configuration[REBUILD_PROPERTY]) throw new PinlakeError("REBUILD_UNFINISHED", refusal);
  if (found === undefined) return createCleanTable(options);
  if (found.configuration[DEFINITION_PROPERTY] !== dataset.hash) throw new PinlakeError("DEFINITION_CHANGED", refusal);
  return found;
}

/** The table as it is, or made without rows. */
export async function createCleanTable(options: {
  readonly table: Table;
  readonly dataset: Dataset;
  readonly configuration?: Readonly<Record<string, string>>;
}): Promise<Snapshot> {
  const { table, dataset } = options;
  const found = await table.find();
  if (found !== undefined) return found;
  try {
    return await table.create({
      schema: cleanSchema(dataset),
      description: dataset.description,
      configuration: {
        ...options.configuration,
        "delta.isolationLevel": "Serializable",
        [DEFINITION_PROPERTY]: dataset.hash,
      },
    });
  } catch (error) {
    if (!isPinlakeError(error, "TABLE_EXISTS")) throw error;
    return table.snapshot();
  }
}
