import type { Project } from "../config/load-project.ts";
import type { OptimizeReport, VacuumReport, VacuumRequest } from "../console/operations.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
import { readTotals, totalsMetrics } from "../quarantine/totals.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Stages } from "./stages.ts";
import { findTable, type TableName, tableNames } from "./table-names.ts";

export interface UpkeepParts {
  readonly project: Project;
  readonly folder: DataFolder;
  readonly engine: QueryEngine;
  readonly stages: Pick<Stages, "openTable" | "withoutStream">;
}

/** What keeps a table of ours tidy when somebody asks for it; its arm must not write meanwhile. */
export interface TableUpkeep {
  /** Joins small files. Throws UNKNOWN_NAME, TABLE_NOT_FOUND. */
  optimize(name: string, signal?: AbortSignal): Promise<OptimizeReport>;
  /** Removes files that no version within the retention needs. Throws UNKNOWN_NAME, TABLE_NOT_FOUND, USAGE. */
  vacuum(name: string, request: VacuumRequest): Promise<VacuumReport>;
}

const HOUR_MS = 3_600_000;

export function tableUpkeep({ project, folder, engine, stages }: UpkeepParts): TableUpkeep {
  const names = tableNames(project.datasets, project.answers);

  const resting = <T>({ schema }: TableName, work: () => Promise<T>): Promise<T> =>
    schema === "stream" ? stages.withoutStream(work) : work();

  return {
    async optimize(typed, signal) {
      const found = findTable(names, typed);
      const table = stages.openTable(found.prefix);
      return resting(found, async () => {
        const basedOn = await table.snapshot();
        // The newest commit is where an arm looks for its running totals.
        const carried = found.dataset === undefined ? {} : totalsMetrics(await readTotals(table, basedOn.version));
        await using session = await engine.session({ tempFolder: folder.temp });
        const commit = await table.optimize({
          session,
          basedOn,
          metrics: () => carried,
          ...(signal === undefined ? {} : { signal }),
        });
        const after = commit === undefined ? basedOn : await table.snapshot({ version: commit.version });
        return {
          table: found.name,
          version: after.version,
          filesBefore: basedOn.files.length,
          filesAfter: after.files.length,
        };
      });
    },

    async vacuum(typed, { retainHours, force }) {
      const found = findTable(names, typed);
      const table = stages.openTable(found.prefix);
      return resting(found, async () => {
        const removed = await table.vacuum({
          ...(retainHours === undefined ? {} : { retentionMs: retainHours * HOUR_MS }),
          ...(force === undefined ? {} : { force }),
        });
        return { table: found.name, removed };
      });
    },
  };
}
