import type { RecordReport } from "../console/operations.ts";
import type { LogRecord } from "../record.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** A record for people and for JSON: bytes that are no UTF-8 as `{"base64": …}`, a value that is no JSON as text. */
export function recordReport(partition: number, record: LogRecord): RecordReport {
  return {
    partition,
    offset: jsonOffset(record.offset),
    timestamp: new Date(record.timestampMs).toISOString(),
    key: record.key === null ? null : text(record.key),
    value: record.value === null ? null : json(text(record.value)),
  };
}

/** A number as long as JSON readers keep it exact. */
export const jsonOffset = (offset: bigint): number | string =>
  offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : offset.toString();

function text(bytes: Uint8Array): string | { readonly base64: string } {
  try {
    return decoder.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

function json(value: string | { readonly base64: string }): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
