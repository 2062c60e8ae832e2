import { PinlakeError } from "./errors.ts";

const FULL = new Set(["ENOSPC", "EDQUOT"]);

/** What a failed call on `path` is called in the catalogue: STORAGE_FULL or STORAGE_FAILED. Errors of ours stay as they are. */
export function storageError(error: unknown, path: string): PinlakeError {
  if (error instanceof PinlakeError) return error;
  if (FULL.has((error as NodeJS.ErrnoException).code ?? ""))
    return new PinlakeError("STORAGE_FULL", { path }, { cause: error });
  const reason = error instanceof Error ? error.message : String(error);
  return new PinlakeError("STORAGE_FAILED", { path, reason }, { cause: error });
}

/** The same for an error from anywhere, if it is the operating system's; any other as it is. */
export function nameSystemError(error: unknown): unknown {
  const { errno, path = "a file", syscall } = error as NodeJS.ErrnoException;
  return errno === undefined || syscall === undefined ? error : storageError(error, path);
}
