import { mkdirSync, rmSync } from "node:fs";
import { type DataFolder, dataFolder } from "./app/data-folder.ts";
import { openEngine, openLog, openStores } from "./app/drivers.ts";
import { type FolderLock, lockFolder } from "./app/lock.ts";
import { type Topics, topicsOf } from "./app/topics.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Project } from "./config/load-project.ts";
import type { QueryEngine } from "./engine/query-engine.ts";
import type { EventLog } from "./log/event-log.ts";
import type { ObjectStore } from "./store/object-store.ts";

export interface AppOptions {
  readonly project: Project;
  /** The data folder's path; made when it is not there. */
  readonly data: string;
  readonly clock?: Clock;
}

/** The pipeline's parts on one data folder, which this process alone holds until they are disposed of. */
export interface App extends AsyncDisposable {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly lock: FolderLock;
  readonly log: EventLog;
  readonly objects: ObjectStore;
  readonly tables: ObjectStore;
  readonly engine: QueryEngine;
  readonly topics: Topics;
}

/**
 * The composition root: takes the folder, then makes drivers and stages as the configuration says. Nothing runs yet.
 * Throws FOLDER_LOCKED, FOLDER_UNUSABLE, LOG_CORRUPT.
 */
export async function openApp({ project, data, clock = systemClock }: AppOptions): Promise<App> {
  const folder = dataFolder(data);
  await using parts = new AsyncDisposableStack();
  const lock = parts.use(await lockFolder(folder, clock));
  rmSync(folder.temp, { recursive: true, force: true });
  mkdirSync(folder.temp, { recursive: true });
  parts.defer(() => rmSync(folder.temp, { recursive: true, force: true }));

  const log = parts.use(await openLog(project.config, folder, clock));
  const { objects, tables } = await openStores(project.config, folder);
  parts.use(objects);
  parts.use(tables);
  const engine = parts.use(await openEngine(project.config, folder));
  const topics = topicsOf(log, project.config, project.datasets);

  const kept = parts.move();
  return {
    project,
    folder,
    clock,
    lock,
    log,
    objects,
    tables,
    engine,
    topics,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
