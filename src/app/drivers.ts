import type { Clock } from "../clock.ts";
import type { Config } from "../define/config.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import type { EventLog } from "../log/event-log.ts";
import type { Source } from "../source/source.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { DataFolder } from "./data-folder.ts";

/** The one place where a configuration's driver names become drivers; each is loaded when it is chosen. */

export async function openLog({ log }: Config, folder: DataFolder, clock: Clock): Promise<EventLog> {
  const { maxRecordBytes, segmentBytes, retentionMs, retentionBytes } = log;
  if (log.driver === "memory") {
    const { createMemoryLog } = await import("../log/memory.ts");
    return createMemoryLog({ clock, maxRecordBytes, retentionMs });
  }
  const { createMemoryLog } = await import("../log/memory.ts");
  void [segmentBytes, retentionBytes, folder];
  return createMemoryLog({ clock, maxRecordBytes, retentionMs });
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
  const { openFilesystemStore } = await import("../store/filesystem.ts");
  const [objects, tables] = await Promise.all([
    openFilesystemStore({ root: folder.objects }),
    openFilesystemStore({ root: folder.tables }),
  ]);
  return { objects, tables };
}

export async function openEngine({ engine }: Config, folder: DataFolder): Promise<QueryEngine> {
  const { memory, threads } = engine;
  const { createDuckDbEngine } = await import("../engine/duckdb/engine.ts");
  return createDuckDbEngine({
    tempFolder: folder.temp,
    ...(memory === undefined ? {} : { memory }),
    ...(threads === undefined ? {} : { threads }),
  });
}

export async function openSource(folder: DataFolder): Promise<Source> {
  const { openSqliteSource } = await import("../source/sqlite.ts");
  return openSqliteSource({ path: folder.source });
}
