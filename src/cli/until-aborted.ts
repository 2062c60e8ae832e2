/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Said when somebody ends a pipeline that runs; a terminal has echoed Ctrl-C at the line's start. */
export const DRAINING = "\rdraining what was acknowledged; Ctrl-C again ends at once";
