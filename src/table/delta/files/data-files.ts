import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { ParquetFile, QuerySession } from "../../../engine/query-engine.ts";
import type { Column } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { TableFile } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { physicalFields, storeAs, type TableSchema } from "../definition/column-mapping.ts";
import { type AddFile, decodePath, type MetaData, type RemoveFile } from "../log/actions.ts";
import { eachPartition, type PartitionValues, storedFields } from "./partitions.ts";
import { rowsOf } from "./skipping.ts";
import { statsJson } from "./stats.ts";

export interface WriteOptions {
  /** What the table is once the files are part of it. */
  readonly schema: TableSchema;
  readonly metaData: Pick<MetaData, "configuration" | "partitionColumns">;
  readonly dataChange?: boolean;
  /** The partition that all the rows are of, if the caller knows: their order is kept then. */
  readonly partition?: PartitionValues;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes what a query gives (the table's columns in schema order, under their names) as data files, one for each partition
 * that has rows. They are durable, and invisible until a commit names them. `made` has each as soon as it is there: those
 * that are when another fails are for the caller to remove.
 */
export function writeDataFiles(
  context: TableContext,
  session: QuerySession,
  sql: string,
  options: WriteOptions & { readonly made: (add: AddFile) => void },
): Promise<AddFile[]> {
  return writeByPartition(context, session, sql, {
    ...options,
    async file(written, values) {
      const add = await adoptDataFile(context, written, { ...options, values });
      options.made(add);
      return add;
    },
  });
}

/** So many files wait for the disk while others are written. */
const ADOPTED_AT_ONCE = 8;

/** Files as writeDataFiles makes them; `file` makes each part of the table's folder. */
export async function writeByPartition<T>(
  context: TableContext,
  session: QuerySession,
  sql: string,
  options: WriteOptions & { readonly file: (written: ParquetFile, values: PartitionValues) => Promise<T> },
): Promise<T[]> {
  const { schema, metaData, partition, signal } = options;
  const { partitionColumns } = metaData;
  const naming = storeAs(schema);
  const adopting: Promise<T>[] = [];

  async function one(rows: string, values: PartitionValues): Promise<void> {
    const path = await context.files.newPath();
    const gone = () => rm(path, { force: true });
    try {
      const written = await session.writeParquet(rows, storedFields(schema, partitionColumns), path, {
        ...(signal && { signal }),
        ...(naming && { storeAs: naming }),
      });
      if (written.rows === 0) return await gone();
      const adopted = options.file(written, values).finally(gone);
      adopted.catch(() => {});
      adopting.push(adopted);
    } catch (error) {
      await gone();
      throw error;
    }
    await adopting.at(-ADOPTED_AT_ONCE);
  }

  async function all(): Promise<void> {
    if (partitionColumns.length === 0) return one(sql, {});
    if (partition !== undefined) return one(withoutPartition(session, sql, options), partition);
    const parted = { table: context.location, schema, partitionColumns, signal };
    await eachPartition(session, sql, parted, (rows) => one(rows.sql, rows.values));
  }

  try {
    await all();
  } finally {
    // Also when one failed: until all have ended nobody knows which are there.
    await Promise.allSettled(adopting);
  }
  return Promise.all(adopting);
}

const withoutPartition = (session: QuerySession, sql: string, { schema, metaData }: WriteOptions): string =>
  `SELECT ${storedFields(schema, metaData.partitionColumns)
    .map(({ name }) => session.quote(name))
    .join(", ")} FROM (${sql}) AS t`;

type FileOptions = WriteOptions & { readonly values: PartitionValues };

/** Files of this process that no commit has named yet, however old the clock or their writing makes them look. */
export const uncommitted = new Set<string>();

/** Makes a file that is already written a data file, and one of the `uncommitted`. */
export async function adoptDataFile(
  { store, prefix, clock }: TableContext,
  file: ParquetFile,
  { schema, metaData, values, dataChange = true }: FileOptions,
): Promise<AddFile> {
  // Only characters that a URI need not escape.
  const name = `part-${randomUUID()}.zstd.parquet`;
  uncommitted.add(name);
  try {
    if (!(await store.adoptFile(prefix + name, file.path)))
      throw new PinlakeError("INTERNAL", { reason: `${prefix}${name} exists already, against all odds` });
  } catch (error) {
    uncommitted.delete(name);
    throw error;
  }
  const fields = physicalFields(schema, storedFields(schema, metaData.partitionColumns));
  const add = {
    path: name,
    partitionValues: values,
    size: file.bytes,
    modificationTime: clock.now(),
    dataChange,
    stats: statsJson(file, { type: "struct", fields }, metaData.configuration),
  };
  // By id columns are found in the file alone.
  if (schema.columnMapping !== "id") writtenColumns.set(add, file.columns);
  return add;
}

/** The columns of files that this process wrote. */
export const writtenColumns = new WeakMap<AddFile, readonly Column[]>();

/** The action that takes a file out of the table. */
export function removeOf(
  add: AddFile,
  { nowMs, dataChange = true }: { nowMs: number; dataChange?: boolean },
): RemoveFile {
  return {
    path: add.path,
    deletionTimestamp: nowMs,
    dataChange,
    extendedFileMetadata: true,
    partitionValues: add.partitionValues,
    size: add.size,
    ...(add.deletionVector == null ? {} : { deletionVector: add.deletionVector }),
  };
}

export const tableFile = (add: AddFile): TableFile => ({
  path: decodePath(add.path),
  rows: rowsOf(add),
  deletedRows: add.deletionVector?.cardinality ?? 0,
  bytes: add.size,
});
