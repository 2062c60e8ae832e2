import { PinlakeError } from "../../errors.ts";
import { nameSystemError } from "../../storage-error.ts";

export interface FailureContext {
  readonly sql: string;
  readonly memory: string;
  readonly signal?: AbortSignal | undefined;
  /** The file that the statement writes, if any. */
  readonly path?: string;
}

/** What to throw for an error of DuckDB's. */
export function toPinlakeError(error: unknown, context: FailureContext): unknown {
  if (context.signal?.aborted) return context.signal.reason;
  const named = nameSystemError(error);
  if (named instanceof PinlakeError) return named;
  const reason = (error instanceof Error ? error.message : String(error)).trim();
  const { path = "the engine's temporary files" } = context;
  if (/No space left on device/i.test(reason)) return new PinlakeError("STORAGE_FULL", { path }, { cause: error });
  if (/Input\/output error/i.test(reason))
    return new PinlakeError("STORAGE_FAILED", { path, reason }, { cause: error });
  if (/^Out of Memory Error/i.test(reason))
    return new PinlakeError("OUT_OF_MEMORY", { limit: context.memory, reason }, { cause: error });
  return new PinlakeError("QUERY_FAILED", { sql: context.sql, reason }, { cause: error });
}
