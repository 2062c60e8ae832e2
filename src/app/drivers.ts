import { existsSync } from "node:fs";
import type { Clock } from "../clock.ts";
import type { Config } from "../define/config.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import type { Source } from "../source/source.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { DeltaTableOptions } from "../table/delta/delta-table.ts";
import type { Table } from "../table/table.ts";
import type { DataFolder } from "./data-folder.ts";

/** The one place where a configuration's driver names become drivers; each is loaded when it is chosen. */

export async function openLog(
  { log }: Config,
  folder: DataFolder,
  clock: Clock,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<EventLog> {
  const { maxRecordBytes, segmentBytes, retentionMs, retentionBytes } = log;
  if (log.driver === "memory" || (readOnly && !existsSync(folder.log))) {
    const { createMemoryLog } = await import("../log/memory.ts");
    return createMemoryLog({ clock, maxRecordBytes, retentionMs });
  }
  const { openEmbeddedLog } = await import("../log/embedded/embedded-log.ts");
  return openEmbeddedLog({
    folder: folder.log,
    stateFile: folder.state,
    segmentBytes,
    maxRecordBytes,
    retentionMs,
    retentionBytes,
    readOnly,
    clock,
  });
}

/** The stores of objects and of tables. */
export async function openStores(
  { store }: Config,
  folder: DataFolder,
): Promise<{ readonly objects: ObjectStore; readonly tables: ObjectStore }> {
  if (store.driver === "memory") {
    const { createMemoryStore } = await import("../store/memory.ts");
    return { objects: createMemoryStore(), tables: createMemoryStore() };
  }
  const [objects, tables] = await Promise.all([openFolder(folder.objects), openFolder(folder.tables)]);
  return { objects, tables };
}

/** The objects of any folder on this machine. */
export async function openFolder(root: string): Promise<ObjectStore> {
  const { openFilesystemStore } = await import("../store/filesystem.ts");
  return openFilesystemStore({ root });
}

export function openEngine({ engine }: Config, folder: DataFolder): Promise<QueryEngine> {
  return newEngine({ ...engine, tempFolder: folder.temp });
}

export async function newEngine({
  memory,
  threads,
  tempFolder,
}: {
  readonly memory?: string | undefined;
  readonly threads?: number | undefined;
  readonly tempFolder: string;
}): Promise<QueryEngine> {
  const { createDuckDbEngine } = await import("../engine/duckdb/engine.ts").catch((cause: unknown) => {
    // Its binary comes as an optional package for each platform.
    if (!/Cannot find (module|package)|ERR_MODULE_NOT_FOUND|ERR_DLOPEN/.test(String(cause))) throw cause;
    const missing = { stage: "engine", driver: "duckdb", package: "@duckdb/node-api" };
    throw new PinlakeError("DRIVER_MISSING", missing, { cause });
  });
  return createDuckDbEngine({
    tempFolder,
    ...(memory === undefined ? {} : { memory }),
    ...(threads === undefined ? {} : { threads }),
  });
}

export async function openSource(folder: DataFolder): Promise<Source> {
  const { openSqliteSource } = await import("../source/sqlite.ts");
  return openSqliteSource({ path: folder.source });
}

/** Opens tables of ours, by prefix. */
export async function tableOpener(
  shared: Pick<DeltaTableOptions, "store" | "engine" | "clock" | "singleWriter">,
): Promise<OpenTable> {
  const { openDeltaTable } = await import("../table/delta/delta-table.ts");
  return (prefix, { later } = {}) => openDeltaTable({ ...shared, prefix, engineInfo: ENGINE_INFO, later });
}

export type OpenTable = (prefix: string, options?: Pick<DeltaTableOptions, "later">) => Table;

/** What commits say wrote them. */
export const ENGINE_INFO = "Pinlake";

/** What is wrong in the log's files, found by reading all of them. */
export async function* damageOf(folder: DataFolder) {
  const { verifyLog } = await import("../log/embedded/verify.ts");
  yield* verifyLog(folder.log);
}

/** Makes the log's damaged files whole; see `repairLog`. */
export async function* repairOf(folder: DataFolder, aside: string) {
  const { repairLog } = await import("../log/embedded/repair.ts");
  yield* repairLog({ folder: folder.log, aside });
}
