import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { OptimizeRequest, VacuumRequest } from "../console/operations.ts";
import type { QuerySession } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import type { OptimizeOptions, Progress, Table, VacuumOptions } from "../table/table.ts";
import { type DeltaTable, openDeltaTable } from "./delta.ts";

/** Runs `work` with the table in a folder of this machine. Throws TABLE_NOT_FOUND where there is no such folder. */
export async function withFolderTable<T>(folder: string, work: (table: DeltaTable) => Promise<T>): Promise<T> {
  if (!existsSync(folder)) throw new PinlakeError("TABLE_NOT_FOUND", { table: folder });
  await using table = await openDeltaTable(folder);
  return await work(table);
}

/** Folders at or below this one that hold a Delta table. */
export async function* tableFolders(folder: string): AsyncGenerator<string> {
  if (existsSync(join(folder, "_delta_log"))) {
    yield folder;
    return;
  }
  const entries = await readdir(folder, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (!/^[._]|^node_modules$/.test(name)) yield* tableFolders(join(folder, name));
}

export interface Watched {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Joins a table's files; tells how many there were and are. */
export async function optimizeTable(
  table: Table,
  session: QuerySession,
  request: OptimizeRequest,
  { signal, onProgress, metrics }: Watched & Pick<OptimizeOptions, "metrics"> = {},
): Promise<{ readonly version: number; readonly filesBefore: number; readonly filesAfter: number }> {
  const basedOn = await table.snapshot();
  const commit = await table.optimize({
    session,
    basedOn,
    ...request,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(metrics === undefined ? {} : { metrics }),
  });
  const after = commit === undefined ? basedOn : await table.snapshot({ version: commit.version });
  return { version: after.version, filesBefore: basedOn.files.length, filesAfter: after.files.length };
}

export const vacuumOptions = ({ retainHours, force, mode }: VacuumRequest): VacuumOptions => ({
  ...(retainHours === undefined ? {} : { retentionMs: retainHours * 3_600_000 }),
  ...(force === undefined ? {} : { force }),
  ...(mode === undefined ? {} : { mode }),
});
