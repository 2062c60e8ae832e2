import type { Reporter, TestModule } from "vitest/node";

const LOOK_EVERY_MS = 60_000;
const LONG_MS = 120_000;

/** Names the files that run for long: one that keeps its process busy for ever says nothing itself, and no timeout ends it. */
// biome-ignore lint/style/noDefaultExport: how vitest finds a reporter in a file
export default class RunningReporter implements Reporter {
  readonly #running = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.#timer = setInterval(() => {
      for (const [file, sinceMs] of this.#running) {
        const ms = performance.now() - sinceMs;
        if (ms > LONG_MS) process.stderr.write(`still running after ${Math.round(ms / 1000)} s: ${file}\n`);
      }
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }
  onTestModuleStart({ relativeModuleId }: TestModule): void {
    this.#running.set(relativeModuleId, performance.now());
  }
  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#running.delete(relativeModuleId);
  }
  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }
}
