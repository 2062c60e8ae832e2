import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { ParquetFile, QuerySession } from "../../engine/query-engine.ts";
import type { Column, StructType } from "../../engine/schema.ts";
import { PinlakeError } from "../../errors.ts";
import type { TableFile } from "../table.ts";
import { type AddFile, decodePath, type RemoveFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { rowsOf } from "./skipping.ts";
import { statsJson } from "./stats.ts";

export interface WriteOptions {
  readonly schema: StructType;
  readonly configuration: Readonly<Record<string, string>>;
  readonly dataChange?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes what a query gives as one data file, its columns in schema order. It is durable, and invisible until a commit
 * names it; undefined (and no file) when there are no rows.
 */
export async function writeDataFile(
  context: TableContext,
  session: QuerySession,
  sql: string,
  options: WriteOptions,
): Promise<AddFile | undefined> {
  const { schema, signal } = options;
  const path = await context.files.newPath();
  try {
    const written = await session.writeParquet(sql, schema.fields, path, signal === undefined ? {} : { signal });
    return written.rows === 0 ? undefined : await adoptDataFile(context, written, options);
  } finally {
    await rm(path, { force: true });
  }
}

/** Data files of this process that no commit has named yet, however old the clock or their writing makes them look. */
export const uncommitted = new Set<string>();

/** Makes a file that is already written a data file, and one of the `uncommitted`. */
export async function adoptDataFile(
  { store, prefix, clock }: TableContext,
  file: ParquetFile,
  { schema, configuration, dataChange = true }: WriteOptions,
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
  const add = {
    path: name,
    partitionValues: {},
    size: file.bytes,
    modificationTime: clock.now(),
    dataChange,
    stats: statsJson(file, schema, configuration),
  };
  writtenColumns.set(add, file.columns);
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
  bytes: add.size,
});
