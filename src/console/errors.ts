import {
  type ErrorCode,
  type ErrorDetails,
  type ErrorKind,
  isPinlakeError,
  PinlakeError,
  plainDetails,
} from "../errors.ts";

/** An error as the console sends it: its details make the same error on the other side. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly details?: unknown };
}

const statuses: Record<ErrorKind, number> = {
  usage: 400,
  badData: 422,
  notFound: 404,
  conflict: 409,
  unavailable: 503,
  tooLarge: 413,
  internal: 500,
  config: 500,
};

export function errorReply(error: unknown): { readonly status: number; readonly body: ErrorBody } {
  if (isPinlakeError(error)) {
    const { code, message } = error;
    return { status: statuses[error.kind], body: { error: { code, message, details: plainDetails(error) } } };
  }
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode < 500)
    return { status: statusCode, body: { error: { code: "USAGE", message: message ?? "", details: { message } } } };
  const reason = message ?? String(error);
  return { status: 500, body: { error: { code: "INTERNAL", message: reason, details: { reason } } } };
}

/** The error behind a reply that was none of ours is SERVICE_FAILED. */
export function errorFrom(url: string, status: number, text: string): PinlakeError {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    return new PinlakeError(error.code as ErrorCode, error.details as ErrorDetails<ErrorCode>);
  } catch {
    return new PinlakeError("SERVICE_FAILED", { url, status, body: text.slice(0, 200) });
  }
}
