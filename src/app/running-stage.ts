/** A stage's loop, running until it is stopped. */
export interface RunningStage {
  /** Starts it again after `stop`. */
  start(): void;
  /** Aborts the loop and resolves when it has ended. */
  stop(): Promise<void>;
}

/** A loop that does not run yet. When it ends without having been asked to, `onFailure` hears why. */
export function runningStage(
  name: string,
  run: (signal: AbortSignal) => Promise<void>,
  onFailure: (stage: string, error: unknown) => void,
): RunningStage {
  let controller: AbortController | undefined;
  let ended: Promise<void> = Promise.resolve();
  return {
    start() {
      controller = new AbortController();
      const { signal } = controller;
      const failed = (error: unknown) => {
        if (!signal.aborted) onFailure(name, error);
      };
      ended = run(signal).then(() => failed(new Error(`${name} ended by itself`)), failed);
    },
    async stop() {
      controller?.abort(new Error(`${name} was asked to stop`));
      await ended;
    },
  };
}
