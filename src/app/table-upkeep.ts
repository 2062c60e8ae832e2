import type { Project } from "../config/load-project.ts";
import type {
  CheckpointReport,
  OptimizeReport,
  OptimizeRequest,
  VacuumReport,
  VacuumRequest,
} from "../console/operations.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { readTotals, totalsMetrics } from "../quarantine/totals.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Stages } from "./stages.ts";
import { findTable, type TableName, tableNames } from "./table-names.ts";
import { optimizeTable, vacuumOptions } from "./table-verbs.ts";

export interface UpkeepParts {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly engine: QueryEngine;
  readonly stages: Pick<Stages, "openTable" | "withoutStream">;
}

/** What keeps a table of ours tidy when somebody asks for it; its arm must not write meanwhile. */
export interface TableUpkeep {
  /** Joins small files. Throws UNKNOWN_NAME, TABLE_NOT_FOUND, USAGE. */
  optimize(name: string, request: OptimizeRequest, signal?: AbortSignal): Promise<OptimizeReport>;
  /** Removes files that no version within the retention needs. Throws UNKNOWN_NAME, TABLE_NOT_FOUND, USAGE. */
  vacuum(name: string, request: VacuumRequest): Promise<VacuumReport>;
  /** Sums up the log, and removes what of it has expired. Throws UNKNOWN_NAME, TABLE_NOT_FOUND. */
  checkpoint(name: string): Promise<CheckpointReport>;
}

export function tableUpkeep({ project, folder, engine, stages }: UpkeepParts): TableUpkeep {
  const names = tableNames(project.datasets, project.answers);

  const resting = <T>({ schema }: TableName, work: () => Promise<T>): Promise<T> =>
    schema === "stream" ? stages.withoutStream(work) : work();

  return {
    async optimize(typed, request, signal) {
      const found = findTable(names, typed);
      const table = stages.openTable(found.prefix);
      return resting(found, async () => {
        const { version } = await table.snapshot();
        // The newest commit is where an arm looks for its running totals.
        const carried = found.dataset === undefined ? {} : totalsMetrics(await readTotals(table, version));
        await using session = await engine.session({ tempFolder: folder.temp });
        const done = await optimizeTable(table, session, request, { signal, metrics: () => carried });
        return { table: found.name, ...done };
      });
    },

    async vacuum(typed, request) {
      const found = findTable(names, typed);
      const table = stages.openTable(found.prefix);
      return resting(found, async () => ({
        table: found.name,
        removed: await table.vacuum(vacuumOptions(request)),
      }));
    },

    async checkpoint(typed) {
      const found = findTable(names, typed);
      const table = stages.openTable(found.prefix);
      return resting(found, async () => {
        await table.checkpoint();
        return { table: found.name, version: (await table.snapshot()).version };
      });
    },
  };
}
