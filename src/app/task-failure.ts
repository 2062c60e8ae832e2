import { type ErrorCode, type ErrorDetails, PinlakeError } from "../errors.ts";
import type { RunReport } from "../schedule/run-workflow.ts";

/** Throws what the first failed task threw, so that the exit code is its own; an error nobody foresaw is TASK_FAILED. */
export function throwTaskFailure({ workflow, tasks }: RunReport): void {
  const failed = tasks.find(({ state }) => state === "failed");
  if (failed?.error === undefined) return;
  const { code, message, details } = failed.error;
  if (details === undefined) throw new PinlakeError("TASK_FAILED", { workflow, task: failed.task, reason: message });
  throw new PinlakeError(code as ErrorCode, details as ErrorDetails<ErrorCode>);
}
