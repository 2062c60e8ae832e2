import { taskOrder, type Workflow, type WorkflowTask } from "../define/workflow.ts";
import { isPinlakeError, plainDetails } from "../errors.ts";

/** What a task has to say for itself: counts, quality counters, versions. Plain data, for people and for JSON. */
export type TaskResult = Readonly<Record<string, unknown>>;

/** What a task threw; its details make the same error again elsewhere. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

export interface TaskReport {
  readonly task: string;
  readonly kind: WorkflowTask["kind"];
  /** `skipped`: a task that it waits for did not succeed. */
  readonly state: "succeeded" | "failed" | "skipped";
  readonly seconds: number;
  readonly result?: TaskResult;
  readonly error?: TaskError;
}

export interface RunReport {
  readonly workflow: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly tasks: readonly TaskReport[];
}

export interface RunWorkflowOptions {
  readonly workflow: Pick<Workflow, "name" | "tasks">;
  /** Runs this one task alone, whatever it waits for. */
  readonly only?: string;
  readonly runTask: (task: WorkflowTask, name: string, signal: AbortSignal) => Promise<TaskResult>;
  readonly signal: AbortSignal;
  readonly monotonic: () => number;
  readonly onTask?: (task: string, state: "running" | TaskReport["state"]) => void;
}

/**
 * Runs a workflow's tasks one after another, each behind those it waits for. A failure skips what waits for it and
 * nothing else. Rejects only when the signal aborts: a failed task is in the report, with what it threw.
 */
export async function runWorkflow(options: RunWorkflowOptions): Promise<RunReport> {
  const { workflow, only, runTask, signal, monotonic, onTask } = options;
  const startedMs = monotonic();
  const reports = new Map<string, TaskReport>();
  for (const name of only === undefined ? (taskOrder(workflow.tasks) ?? []) : [only]) {
    const task = workflow.tasks[name];
    if (task === undefined) continue;
    signal.throwIfAborted();
    const taskStartedMs = monotonic();
    const report = (state: TaskReport["state"], more: Partial<TaskReport> = {}) => {
      reports.set(name, { task: name, kind: task.kind, state, seconds: seconds(monotonic() - taskStartedMs), ...more });
      onTask?.(name, state);
    };
    if (only === undefined && task.after.some((other) => reports.get(other)?.state !== "succeeded")) {
      report("skipped");
      continue;
    }
    onTask?.(name, "running");
    try {
      report("succeeded", { result: await runTask(task, name, signal) });
    } catch (error) {
      signal.throwIfAborted();
      report("failed", { error: describe(error) });
    }
  }
  const tasks = [...reports.values()];
  return {
    workflow: workflow.name,
    ok: tasks.every(({ state }) => state === "succeeded"),
    seconds: seconds(monotonic() - startedMs),
    tasks,
  };
}

function describe(error: unknown): TaskError {
  if (isPinlakeError(error)) return { code: error.code, message: error.message, details: plainDetails(error) };
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
