import type { Clock } from "../clock.ts";
import { backoffMs, type RetryPolicy } from "../retry.ts";
import type { HttpClient } from "./http-client.ts";
import { outcomeOf } from "./outcome.ts";
import type { PostRequest } from "./requests.ts";

/** Why a record was not accepted: what the last attempt was told. */
export interface PostFailure {
  readonly request: PostRequest;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly body: string;
}

export interface SendOptions {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly retries?: RetryPolicy;
}

export const DEFAULT_RETRIES: RetryPolicy = { attempts: 8, firstDelayMs: 100, maxDelayMs: 5_000 };

/**
 * Sends one record until it is accepted, refused for good, or the attempts are used up. Undefined is success. After a
 * lost connection the record may have been stored already: it is sent again all the same.
 */
export async function sendRecord(request: PostRequest, options: SendOptions): Promise<PostFailure | undefined> {
  const policy = options.retries ?? DEFAULT_RETRIES;
  for (let attempt = 1; ; attempt++) {
    let failure: PostFailure;
    let waitMs = 0;
    try {
      const response = await options.client.send(request);
      const outcome = outcomeOf(request.arm, response);
      if (outcome === "accepted") return undefined;
      failure = { request, status: response.status, body: response.body };
      if (outcome === "refused") return failure;
      waitMs = (response.retryAfter ?? 0) * 1000;
    } catch (error) {
      failure = { request, status: 0, body: error instanceof Error ? error.message : String(error) };
    }
    if (attempt >= policy.attempts) return failure;
    try {
      await options.clock.sleep(Math.max(waitMs, backoffMs(policy, attempt)), options.signal);
    } catch {
      return failure; // interrupted while waiting
    }
  }
}
