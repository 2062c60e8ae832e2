import { type ErrorCode, isPinlakeError, type PinlakeError } from "../../errors.ts";
import type { Reply } from "../http.ts";

/** Streams belong to an account at AWS; here there is one. */
export const ACCOUNT = "000000000000";

type Answer = readonly [status: number, type: string];
const fault: Answer = [500, "InternalFailure"];
const unavailable: Answer = [503, "ServiceUnavailable"];
const notFound: Answer = [400, "ResourceNotFoundException"];
const inUse: Answer = [400, "ResourceInUseException"];
const validation: Answer = [400, "ValidationException"];
const serialization: Answer = [400, "SerializationException"];
const argument: Answer = [400, "InvalidArgumentException"];

/** What every error is at AWS. Statuses are the true ones, not API Gateway's 200 for what nobody mapped. */
const answers: Record<ErrorCode, Answer> = {
  USAGE: validation,
  CONFIG_INVALID: fault,
  CONFIG_NOT_LOADED: fault,
  DRIVER_MISSING: fault,
  FOLDER_LOCKED: fault,
  FOLDER_UNUSABLE: fault,
  PORT_UNAVAILABLE: fault,
  NOT_RUNNING: fault,
  SERVICE_FAILED: fault,
  SOURCE_MISSING: fault,
  SOURCE_EXISTS: fault,
  SOURCE_INVALID: fault,
  TOPIC_NOT_FOUND: notFound,
  TOPIC_EXISTS: inUse,
  TOPIC_NAME_INVALID: validation,
  TOPIC_INTERNAL: validation,
  STREAM_NOT_FOUND: notFound,
  STREAM_EXISTS: inUse,
  PARTITION_NOT_FOUND: notFound,
  PARTITION_CLOSED: unavailable,
  RECORD_TOO_LARGE: validation,
  OFFSET_OUT_OF_RANGE: argument,
  LOG_CORRUPT: fault,
  LOG_BEHIND: fault,
  LOG_TRIMMED: fault,
  STORAGE_FULL: unavailable,
  STORAGE_FAILED: unavailable,
  CLOSED: unavailable,
  OVERLOADED: [400, "ProvisionedThroughputExceededException"],
  OBJECT_NOT_FOUND: fault,
  OBJECT_KEY_INVALID: fault,
  OBJECT_CONFLICT: fault,
  OBJECT_DAMAGED: fault,
  OBJECTS_DAMAGED: fault,
  QUERY_FAILED: fault,
  OUT_OF_MEMORY: fault,
  TABLE_NOT_FOUND: fault,
  TABLE_VERSION_NOT_FOUND: fault,
  TABLE_EXISTS: fault,
  TABLE_CONFLICT: fault,
  TABLE_UNSUPPORTED: fault,
  STORE_UNSAFE: fault,
  TABLE_FILES_MISSING: fault,
  TABLE_CORRUPT: fault,
  SCHEMA_MISMATCH: fault,
  CONSTRAINT_VIOLATED: fault,
  MERGE_AMBIGUOUS: fault,
  DEFINITION_CHANGED: fault,
  REBUILD_UNFINISHED: fault,
  NOT_CONSERVED: fault,
  ARMS_DISAGREE: fault,
  UNKNOWN_NAME: fault,
  TASK_FAILED: fault,
  POSTS_FAILED: fault,
  REQUEST_NOT_JSON: serialization,
  REQUEST_MALFORMED: serialization,
  REQUEST_INVALID: validation,
  FIELD_UNRECOGNIZED: validation,
  REQUEST_TOO_LARGE: [413, "RequestTooLargeException"],
  MEDIA_TYPE_UNSUPPORTED: [415, "UnsupportedMediaTypeException"],
  ENCODING_UNSUPPORTED: [415, "UnsupportedMediaTypeException"],
  NOT_ACCEPTABLE: [406, "NotAcceptableException"],
  ROUTE_NOT_FOUND: [404, "UnknownOperationException"],
  METHOD_NOT_ALLOWED: [405, "UnknownOperationException"],
  HOST_REFUSED: [403, "AccessDeniedException"],
  INTERNAL: fault,
};

/** `{"__type","message"}` for whatever was thrown. */
export function errorReply(error: unknown): Reply {
  const known = isPinlakeError(error) ? error : undefined;
  const [status, type] = known === undefined ? fault : answers[known.code];
  const reply = awsError(status, type, known === undefined ? "An internal error occurred." : awsMessage(known));
  if (status === 503) return { ...reply, headers: { ...reply.headers, "Retry-After": "1" } };
  if (!isPinlakeError(error, "METHOD_NOT_ALLOWED")) return reply;
  return { ...reply, headers: { ...reply.headers, Allow: error.details.allowed.join(", ") } };
}

export const awsError = (status: number, type: string, message: string): Reply => ({
  status,
  type: "application/json",
  body: JSON.stringify({ __type: type, [type === "SerializationException" ? "Message" : "message"]: message }),
  headers: { "x-amzn-ErrorType": type },
});

function awsMessage(error: PinlakeError): string {
  if (isPinlakeError(error, "STREAM_NOT_FOUND"))
    return `Stream ${error.details.stream} under account ${ACCOUNT} not found.`;
  if (isPinlakeError(error, "STREAM_EXISTS"))
    return `Stream ${error.details.stream} under account ${ACCOUNT} already exists.`;
  return error.message;
}

/** A record of PutRecords that was not stored: AWS knows two codes for it. */
export function recordError(error: Error): { readonly ErrorCode: string; readonly ErrorMessage: string } {
  const throttled = isPinlakeError(error, "OVERLOADED");
  return {
    ErrorCode: throttled ? "ProvisionedThroughputExceededException" : "InternalFailure",
    ErrorMessage: error.message,
  };
}
