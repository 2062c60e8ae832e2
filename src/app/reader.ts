import { systemClock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { objectBody } from "../store/object-body.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type DataFolder, dataFolder } from "./data-folder.ts";
import { type OpenTable, openEngine, openStores, tableOpener } from "./drivers.ts";
import type { QueryParts } from "./query.ts";
import { type TableName, tableNames } from "./table-names.ts";

/** What verbs that only read need: whole versions of tables, and objects. Neither the lock nor a running `up`. */
export interface Reader extends AsyncDisposable {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly objects: ObjectStore;
  /** What an object holds, unpacked where it is packed. Throws OBJECT_NOT_FOUND, OBJECT_DAMAGED. */
  readonly objectBody: (key: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly engine: QueryEngine;
  readonly openTable: OpenTable;
  readonly names: readonly TableName[];
  readonly query: QueryParts;
}

export async function openReader(project: Project, data: string): Promise<Reader> {
  const folder = dataFolder(data);
  const { config, datasets, answers } = project;
  await using parts = new AsyncDisposableStack();
  const { objects, tables } = await openStores(config, folder);
  parts.use(objects);
  parts.use(tables);
  const engine = parts.use(await openEngine(config, folder));
  const openTable = await tableOpener({ store: tables, engine, clock: systemClock });
  const names = tableNames(datasets, answers);
  const kept = parts.move();
  return {
    project,
    folder,
    objects,
    objectBody: (key, signal) => objectBody(objects, key, { signal }),
    engine,
    openTable,
    names,
    query: { config, engine, openTable, names, folders: [folder.tables] },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
