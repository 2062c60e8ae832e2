import { join } from "node:path";
import { afterAll } from "vitest";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import type { DeltaTableOptions } from "../../src/table/delta/delta-table.ts";
import { deltaTable } from "./delta-table.ts";
import { engineAndSession } from "./engine-and-folder.ts";
import { tempFolder } from "./temp-folder.ts";

/** Delta tables by name in a folder of this machine, for others to open as well; gone after the file's last test. */
export async function tablesInFolder() {
  const { engine, session } = await engineAndSession();
  const folder = await tempFolder();
  const store = await openFilesystemStore({ root: folder.path });
  afterAll(() => folder[Symbol.asyncDispose]());
  return {
    session,
    store,
    folder: folder.path,
    pathOf: (name: string) => join(folder.path, name),
    tableAt: (name: string, options: Partial<DeltaTableOptions> = {}) =>
      deltaTable(store, engine, { prefix: name, ...options }),
  };
}
