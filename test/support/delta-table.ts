import { basename, dirname } from "node:path";
import { systemClock } from "../../src/clock.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { type DeltaTableOptions, openDeltaTable } from "../../src/table/delta/delta-table.ts";
import type { Table } from "../../src/table/table.ts";

/** A Delta table at `t` in a store, opened anew. */
export const deltaTable = (store: ObjectStore, engine: QueryEngine, options: Partial<DeltaTableOptions> = {}) =>
  openDeltaTable({ store, prefix: "t", engine, clock: systemClock, engineInfo: "pinlake/test", ...options });

export const logKey = (version: number, rest = "json"): string =>
  `t/_delta_log/${String(version).padStart(20, "0")}.${rest}`;

export async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
}

/** The Delta table in a folder of this machine. */
export async function deltaFolder(folder: string, engine: QueryEngine): Promise<Table & AsyncDisposable> {
  const store = await openFilesystemStore({ root: dirname(folder) });
  const table = openDeltaTable({
    store,
    prefix: basename(folder),
    engine,
    clock: systemClock,
    engineInfo: "pinlake/test",
  });
  return {
    ...table,
    async [Symbol.asyncDispose]() {
      await table[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
