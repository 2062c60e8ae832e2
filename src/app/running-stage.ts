/** A stage's loop, running until it is stopped. */
export interface RunningStage {
  readonly name: string;
  /** Aborts the loop and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a loop. When it ends without having been asked to, `onFailure` hears why. */
export function startStage(
  name: string,
  run: (signal: AbortSignal) => Promise<void>,
  onFailure: (stage: string, error: unknown) => void,
): RunningStage {
  const controller = new AbortController();
  const { signal } = controller;
  const ended = run(signal).then(
    () => {
      if (!signal.aborted) onFailure(name, new Error(`${name} ended by itself`));
    },
    (error: unknown) => {
      if (!signal.aborted) onFailure(name, error);
    },
  );
  return {
    name,
    async stop() {
      controller.abort(new Error(`${name} was asked to stop`));
      await ended;
    },
  };
}
