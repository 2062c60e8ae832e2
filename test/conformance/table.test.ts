import { systemClock } from "../../src/clock.ts";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openDeltaTable } from "../../src/table/delta/delta-table.ts";
import type { TableHarness } from "../support/table-setting.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { tableConformance } from "./table.ts";
import { tableAlterConformance } from "./table-alter.ts";
import { tableChangeConformance } from "./table-change.ts";
import { tableConflictConformance } from "./table-conflicts.ts";
import { tableConstraintConformance } from "./table-constraints.ts";
import { tableDeleteConformance } from "./table-delete.ts";
import { tableFilesConformance } from "./table-files.ts";
import { tableReplaceConformance } from "./table-replace.ts";

const createEngine = async () => createDuckDbEngine({ threads: 1 });

const harness = (store: ObjectStore, engine: QueryEngine, dispose: () => Promise<void>): TableHarness => {
  const opened: AsyncDisposable[] = [];
  return {
    open(prefix) {
      const table = openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "pinlake/test" });
      opened.push(table);
      return table;
    },
    async [Symbol.asyncDispose]() {
      for (const table of opened) await table[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await dispose();
    },
  };
};

for (const suite of [
  tableConformance,
  tableConflictConformance,
  tableFilesConformance,
  tableReplaceConformance,
  tableDeleteConformance,
  tableAlterConformance,
  tableConstraintConformance,
  tableChangeConformance,
]) {
  suite("A Delta table in memory", createEngine, async (engine) =>
    harness(createMemoryStore(), engine, async () => {}),
  );

  suite("A Delta table in a folder", createEngine, async (engine) => {
    const folder = await tempFolder();
    const store = await openFilesystemStore({ root: folder.path });
    return harness(store, engine, async () => {
      await folder[Symbol.asyncDispose]();
    });
  });
}
