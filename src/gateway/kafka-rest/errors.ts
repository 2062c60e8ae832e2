import { type ErrorCode, isPinlakeError } from "../../errors.ts";
import type { Reply } from "../http.ts";

/** Confluent's own codes (rest-utils and kafka-rest Errors). */
const TOPIC_AUTHORIZATION_FAILED = 40301;
const NON_RETRIABLE = 50002;
const RETRIABLE = 50003;

type Answer = readonly [status: number, errorCode: number];
const fault: Answer = [500, 500];
const kafkaFault: Answer = [500, NON_RETRIABLE];
const brokerUnavailable: Answer = [503, 50302];
const plain = (status: number): Answer => [status, status];

/** What every error is in the answer to a whole request. */
const answers: Record<ErrorCode, Answer> = {
  USAGE: plain(400),
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
  TOPIC_NOT_FOUND: [404, 40401],
  TOPIC_EXISTS: [400, 40002],
  TOPIC_NAME_INVALID: [400, 40002],
  TOPIC_INTERNAL: [403, TOPIC_AUTHORIZATION_FAILED],
  STREAM_NOT_FOUND: plain(404),
  STREAM_EXISTS: plain(409),
  PARTITION_NOT_FOUND: [404, 40402],
  PARTITION_CLOSED: [500, RETRIABLE],
  RECORD_TOO_LARGE: plain(413),
  OFFSET_OUT_OF_RANGE: [400, 40002],
  LOG_CORRUPT: kafkaFault,
  LOG_BEHIND: kafkaFault,
  LOG_TRIMMED: kafkaFault,
  STORAGE_FULL: brokerUnavailable,
  STORAGE_FAILED: brokerUnavailable,
  CLOSED: brokerUnavailable,
  OVERLOADED: brokerUnavailable,
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
  REQUEST_NOT_JSON: plain(400),
  REQUEST_MALFORMED: plain(400),
  REQUEST_INVALID: plain(422),
  FIELD_UNRECOGNIZED: plain(422),
  REQUEST_TOO_LARGE: plain(413),
  MEDIA_TYPE_UNSUPPORTED: plain(415),
  ENCODING_UNSUPPORTED: plain(415),
  NOT_ACCEPTABLE: plain(406),
  ROUTE_NOT_FOUND: plain(404),
  METHOD_NOT_ALLOWED: plain(405),
  HOST_REFUSED: plain(403),
  INTERNAL: fault,
};

/** Confluent's own words where its clients have been seen to look at them. */
const words: Readonly<Record<number, string>> = {
  40401: "Topic not found.",
  40402: "Partition not found.",
};

/** `{"error_code","message"}` for whatever was thrown. */
export function errorReply(error: unknown): Reply {
  const known = isPinlakeError(error) ? error : undefined;
  const [status, errorCode] = known === undefined ? fault : answers[known.code];
  const reply = kafkaError(status, errorCode, words[errorCode] ?? known?.message ?? "Internal Server Error");
  if (status === 503) return { ...reply, headers: { "Retry-After": "1" } };
  if (!isPinlakeError(error, "METHOD_NOT_ALLOWED")) return reply;
  return { ...reply, headers: { Allow: error.details.allowed.join(", ") } };
}

export const kafkaError = (status: number, errorCode: number, message: string): Reply => ({
  status,
  type: "application/vnd.kafka.v2+json",
  body: JSON.stringify({ error_code: errorCode, message }),
});

/** What became of one record that was not stored: its code, and whether sending it again may help. */
export function recordErrorCode(error: Error): number {
  if (!isPinlakeError(error)) return NON_RETRIABLE;
  if (error.code === "TOPIC_INTERNAL") return TOPIC_AUTHORIZATION_FAILED;
  const awaited = error.code === "TOPIC_NOT_FOUND" || error.code === "PARTITION_NOT_FOUND";
  return awaited || error.retry !== "never" ? RETRIABLE : NON_RETRIABLE;
}
