import type { PostRequest } from "./requests.ts";

export interface PostResponse {
  readonly status: number;
  readonly body: string;
  /** Seconds, if the server said when to come again. */
  readonly retryAfter?: number;
}

/** Whether the record was accepted; if not, whether sending it again may help. */
export type Outcome = "accepted" | "again" | "refused";

const RETRIABLE_RECORD_CODES = new Set([50003, 50302]);
const THROTTLED = /ProvisionedThroughputExceededException|ThrottlingException|LimitExceededException/;

/** How a success looks from every server so far; what looks otherwise is read in full. */
const PLAIN_SUCCESS = {
  batch: /^\{"offsets":\[\{"partition":\d+,"offset":\d+,"error_code":null,/,
  stream: /^\{"SequenceNumber":"\d+"/,
} as const;

/** Success is an offset or a sequence number: an error inside a 200 is none. */
export function outcomeOf(arm: PostRequest["arm"], { status, body }: PostResponse): Outcome {
  if (status === 408 || status === 429 || status >= 500) return "again";
  if (status !== 200) return arm === "stream" && THROTTLED.test(body) ? "again" : "refused";
  if (PLAIN_SUCCESS[arm].test(body)) return "accepted";
  const answer = parsed(body);
  if (arm === "stream") return typeof answer?.SequenceNumber === "string" ? "accepted" : "refused";
  const report = Array.isArray(answer?.offsets) ? answer.offsets[0] : undefined;
  if (typeof report?.offset === "number" && (report.error_code ?? null) === null) return "accepted";
  return RETRIABLE_RECORD_CODES.has(report?.error_code) ? "again" : "refused";
}

// biome-ignore lint/suspicious/noExplicitAny: any server's answer; each use checks what it finds
function parsed(body: string): any {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
