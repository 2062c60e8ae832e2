import type { RecordBytes, RecordReport } from "../console/operations.ts";
import type { LogRecord } from "../record.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A record in a form that JSON can hold, and that still says exactly what is stored. */
export function recordReport(partition: number, record: LogRecord): RecordReport {
  const value = bytes(record.value);
  return {
    partition,
    offset: jsonOffset(record.offset),
    timestamp: new Date(record.timestampMs).toISOString(),
    key: bytes(record.key),
    value: value !== null && "text" in value && isJson(value.text) ? { json: value.text } : value,
  };
}

/** A number as long as JSON readers keep it exact. */
export const jsonOffset = (offset: bigint): number | string =>
  offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : offset.toString();

function bytes(stored: Uint8Array | null): RecordBytes {
  if (stored === null) return null;
  try {
    return { text: decoder.decode(stored) };
  } catch {
    return { base64: Buffer.from(stored).toString("base64") };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
