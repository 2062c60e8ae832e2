/** Who must act. Exit codes follow from it. */
export type ErrorKind =
  | "usage"
  | "badData"
  | "notFound"
  | "conflict"
  | "unavailable"
  | "tooLarge"
  | "internal"
  | "config";

/** Whether the same call may be made again: never; later as it is; or after reloading what it was based on. */
export type RetryAdvice = "never" | "backoff" | "rebase";

export interface ErrorEntry<Details> {
  readonly kind: ErrorKind;
  readonly retry: RetryAdvice;
  /** What happened, with which value, and what to do next. */
  readonly message: (details: Details) => string;
}

/** One row of the catalogue. */
export const entry = <Details>(definition: ErrorEntry<Details>): ErrorEntry<Details> => definition;
