import { catalogue } from "./error-catalogue.ts";
import type { ErrorEntry, ErrorKind, RetryAdvice } from "./error-entry.ts";

export type { ErrorKind, RetryAdvice } from "./error-entry.ts";

export type ErrorCode = keyof typeof catalogue;
export type ErrorDetails<C extends ErrorCode> = Parameters<(typeof catalogue)[C]["message"]>[0];

/** The one error class. `code` is stable; what it means, its exit code and its statuses follow from the catalogue. */
export class PinlakeError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "PinlakeError";
  readonly code: C;
  readonly details: ErrorDetails<C>;

  constructor(code: C, details: ErrorDetails<C>, options?: ErrorOptions) {
    const entry = catalogue[code] as unknown as ErrorEntry<ErrorDetails<C>>;
    super(entry.message(details), options);
    this.code = code;
    this.details = details;
  }

  get kind(): ErrorKind {
    return catalogue[this.code].kind;
  }

  get retry(): RetryAdvice {
    return catalogue[this.code].retry;
  }
}

export function isPinlakeError<C extends ErrorCode>(error: unknown, code: C): error is PinlakeError<C>;
export function isPinlakeError(error: unknown): error is PinlakeError;
export function isPinlakeError(error: unknown, code?: ErrorCode): boolean {
  return error instanceof PinlakeError && (code === undefined || error.code === code);
}

/** The code of whatever was thrown; INTERNAL for what the catalogue does not know. */
export const codeOf = (error: unknown): ErrorCode => (isPinlakeError(error) ? error.code : "INTERNAL");

const exitCodes: Record<ErrorKind, number> = {
  usage: 64,
  badData: 65,
  notFound: 65,
  conflict: 69,
  unavailable: 69,
  tooLarge: 65,
  internal: 70,
  config: 78,
};

/** The process exit code (sysexits.h) for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof PinlakeError ? exitCodes[error.kind] : 70;
}

/** An error's details as JSON holds them: what `new PinlakeError(code, details)` makes the same message of again. */
export function plainDetails({ details }: PinlakeError): unknown {
  return JSON.parse(JSON.stringify(details, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
}
