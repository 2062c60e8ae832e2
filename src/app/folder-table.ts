import { basename, dirname } from "node:path";
import { systemClock } from "../clock.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { type OpenTable, openFolder, tableOpener } from "./drivers.ts";

/** A Delta table anywhere on this machine, to be read. */
export async function openFolderAsTable(
  folder: string,
  engine: QueryEngine,
): Promise<AsyncDisposable & { readonly openTable: OpenTable; readonly prefix: string }> {
  const store = await openFolder(dirname(folder));
  return {
    openTable: await tableOpener(store, engine, systemClock),
    prefix: basename(folder),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
