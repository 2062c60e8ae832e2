import type { Clock } from "./clock.ts";

export interface RetryPolicy {
  /** Attempts in all, the first one included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export interface RetryOptions extends RetryPolicy {
  readonly clock: Clock;
  readonly retryable: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
  readonly random?: () => number;
}

/** Delay before attempt `attempt` (1 is the first retry): exponential, with full jitter. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return random() * ceiling;
}

/** Runs `work` until it resolves, its error is not retryable, or the attempts are used up: then its last error is thrown. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= options.attempts || !options.retryable(error)) throw error;
      await options.clock.sleep(backoffMs(options, attempt, options.random), options.signal);
    }
  }
}
