import { existsSync } from "node:fs";
import { openSqlite } from "../sqlite-file.ts";
import { storageError } from "../storage-error.ts";
import type { RunReport, TaskReport } from "./run-workflow.ts";

/** `interrupted`: its process ended, or somebody ended it, before it was done. */
export type RunState = "running" | "succeeded" | "failed" | "interrupted";

export interface RecordedRun {
  /** Rises by one a run. */
  readonly id: number;
  readonly workflow: string;
  /** The one task that was to run; undefined for all. */
  readonly task: string | undefined;
  readonly state: RunState;
  readonly startedAt: string;
  /** Undefined as long as nobody knows. */
  readonly seconds: number | undefined;
  /** What each task said; empty where the run did not come to its end. */
  readonly tasks: readonly TaskReport[];
}

/** The runs of a data folder, in an SQLite file beside whatever else that holds. Throws STORAGE_FAILED. */
export interface RunHistory extends Disposable {
  /** Says that a run begins; its id. */
  begin(run: Pick<RecordedRun, "workflow" | "task" | "startedAt">): number;
  /** Says how it ended: with a report, or without one. */
  end(id: number, report: RunReport | undefined): void;
  /** Newest first. */
  list(limit: number): readonly RecordedRun[];
  find(id: number): RecordedRun | undefined;
}

/** So many are kept, the newest. */
const KEPT = 10_000;

/**
 * Opens the history. Whoever may write holds the folder alone: what is still said to run was interrupted. Read-only it
 * needs no file, and is then empty.
 */
export function openRunHistory(file: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): RunHistory {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw storageError(error, file);
    }
  };
  if (readOnly && !existsSync(file)) return EMPTY;
  const database = openSqlite(file, { readOnly });
  try {
    const hasRuns = () => database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").get() !== undefined;
    if (!readOnly) guarded(() => database.exec(SETUP));
    else if (!hasRuns()) {
      database.close();
      return EMPTY;
    }
  } catch (error) {
    database.close();
    throw error;
  }
  const insert = database.prepare("INSERT INTO runs (workflow, task, state, started_at) VALUES (?, ?, 'running', ?)");
  const expire = database.prepare("DELETE FROM runs WHERE id <= ?");
  const update = database.prepare("UPDATE runs SET state = ?, seconds = ?, tasks = ? WHERE id = ?");
  const newest = database.prepare("SELECT * FROM runs ORDER BY id DESC LIMIT ?");
  const one = database.prepare("SELECT * FROM runs WHERE id = ?");

  return {
    begin: ({ workflow, task, startedAt }) =>
      guarded(() => {
        const id = Number(insert.run(workflow, task ?? null, startedAt).lastInsertRowid);
        expire.run(id - KEPT);
        return id;
      }),
    end: (id, report) =>
      guarded(() => {
        const state = report === undefined ? "interrupted" : report.ok ? "succeeded" : "failed";
        update.run(state, report?.seconds ?? null, JSON.stringify(report?.tasks ?? []), id);
      }),
    list: (limit) => guarded(() => newest.all(limit).map(recordedRun)),
    find: (id) =>
      guarded(() => {
        const row = one.get(id);
        return row === undefined ? undefined : recordedRun(row);
      }),
    [Symbol.dispose]: () => database.close(),
  };
}

const SETUP = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, workflow TEXT NOT NULL, task TEXT, state TEXT NOT NULL,
    started_at TEXT NOT NULL, seconds REAL, tasks TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  UPDATE runs SET state = 'interrupted' WHERE state = 'running';`;

function recordedRun(row: Readonly<Record<string, unknown>>): RecordedRun {
  return {
    id: Number(row.id),
    workflow: String(row.workflow),
    task: row.task === null ? undefined : String(row.task),
    state: row.state as RunState,
    startedAt: String(row.started_at),
    seconds: row.seconds === null ? undefined : Number(row.seconds),
    tasks: JSON.parse(String(row.tasks)) as TaskReport[],
  };
}

const EMPTY: RunHistory = {
  begin: () => 0,
  end: () => {},
  list: () => [],
  find: () => undefined,
  [Symbol.dispose]: () => {},
};

/** Runs, and records it from its beginning to its end. */
export async function recorded(
  history: RunHistory,
  run: Pick<RecordedRun, "workflow" | "task" | "startedAt">,
  work: () => Promise<RunReport>,
): Promise<RunReport> {
  const id = history.begin(run);
  let report: RunReport | undefined;
  try {
    report = await work();
    return report;
  } finally {
    try {
      history.end(id, report);
    } catch {
      // What was done is done, and its report is worth more: it is said to run until the folder is opened again.
    }
  }
}
