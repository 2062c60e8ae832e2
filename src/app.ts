import { mkdirSync, rmSync } from "node:fs";
import { checkBatchProgress } from "./app/check-progress.ts";
import { type DataFolder, dataFolder } from "./app/data-folder.ts";
import { openEngine, openLog, openStores, tableOpener } from "./app/drivers.ts";
import { localOperations } from "./app/local-operations.ts";
import { lockFolder } from "./app/lock.ts";
import { type Serving, serve } from "./app/serve.ts";
import { makeStages, type Stages } from "./app/stages.ts";
import { topicsOf } from "./app/topics.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Project } from "./config/load-project.ts";
import type { Operations } from "./console/operations.ts";
import type { QueryEngine } from "./engine/query-engine.ts";
import type { EventLog } from "./log/event-log.ts";
import { openRunHistory } from "./schedule/run-history.ts";

export interface AppOptions {
  readonly project: Project;
  /** The data folder's path; made when it is not there. */
  readonly data: string;
  readonly clock?: Clock;
}

/** The pipeline on one data folder, which this process alone holds until it is disposed of. */
export interface App extends AsyncDisposable {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly engine: QueryEngine;
  readonly stages: Stages;
  readonly operations: Operations;
  /** Has the engine read the project's SQL, starts the stages and listens. Throws CONFIG_INVALID too. Disposing of it drains: what was acknowledged is landed and in the stream tables. */
  serve(options: { readonly logLevel: string }): Promise<Serving>;
}

/**
 * The composition root: takes the folder, then makes drivers and stages as the configuration says. Nothing runs yet.
 * Throws FOLDER_LOCKED, FOLDER_UNUSABLE, LOG_CORRUPT, LOG_BEHIND.
 */
export async function openApp({ project, data, clock = systemClock }: AppOptions): Promise<App> {
  const folder = dataFolder(data);
  const { config, datasets } = project;
  await using parts = new AsyncDisposableStack();
  const lock = parts.use(await lockFolder(folder, clock));
  rmSync(folder.temp, { recursive: true, force: true });
  mkdirSync(folder.temp, { recursive: true });
  parts.defer(() => rmSync(folder.temp, { recursive: true, force: true }));

  const { objects, tables } = await openStores(config, folder);
  parts.use(objects);
  parts.use(tables);
  const engine = parts.use(await openEngine(config, folder));
  const openTable = await tableOpener({ store: tables, engine, clock, singleWriter: config.store.singleWriter });
  const log = parts.use(await openLog(config, folder, clock));
  const stages = parts.use(await makeStages({ project, folder, clock, log, objects, engine, openTable }));
  await checkBatchProgress(stages.batch, log);
  const runs = parts.use(openRunHistory(folder.state));
  const topics = topicsOf(log, config, datasets);
  const operations = localOperations({ project, folder, clock, log, engine, stages, topics, runs });

  const kept = parts.move();
  return {
    project,
    folder,
    clock,
    stages,
    log,
    engine,
    operations,
    serve: async ({ logLevel }) => {
      const [{ stderrLogger }, { checkSql }] = await Promise.all([
        import("./app/logger.ts"),
        import("./app/check-sql.ts"),
      ]);
      await checkSql(project, engine);
      return serve({ project, folder, clock, lock, log, stages, topics, operations, logger: stderrLogger(logLevel) });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
