import { type EventRecord, type LogRecord, NO_HEADERS, type RecordHeader } from "../../record.ts";
import type { ReadLimits } from "../record-storage.ts";

/**
 * A record in a block: timestamp f64, length of key i32, of value i32 (-1 is null), of headers u32 (0 is none), then
 * key, value, headers. A header: length of name u32, of value i32, then name (UTF-8) and value.
 */
const FIXED_BYTES = 20;
const HEADER_FIXED_BYTES = 8;

export function recordsSize(records: readonly EventRecord[]): number {
  let bytes = 0;
  for (const { key, value, headers } of records) {
    bytes += FIXED_BYTES;
    if (key !== null) bytes += key.length;
    if (value !== null) bytes += value.length;
    if (headers.length > 0) bytes += headersSize(headers);
  }
  return bytes;
}

function headersSize(headers: readonly RecordHeader[]): number {
  let bytes = 0;
  for (const { name, value } of headers) bytes += HEADER_FIXED_BYTES + Buffer.byteLength(name) + (value?.length ?? 0);
  return bytes;
}

/** Lays the records at `at`; gives back their latest timestamp. */
export function writeRecords(into: Buffer, at: number, records: readonly EventRecord[]): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const { key, value, headers, timestampMs } of records) {
    if (timestampMs > latest) latest = timestampMs;
    into.writeDoubleLE(timestampMs, at);
    into.writeInt32LE(key === null ? -1 : key.length, at + 8);
    into.writeInt32LE(value === null ? -1 : value.length, at + 12);
    const headerBytes = headers.length === 0 ? 0 : headersSize(headers);
    into.writeUInt32LE(headerBytes, at + 16);
    at += FIXED_BYTES;
    if (key !== null) {
      into.set(key, at);
      at += key.length;
    }
    if (value !== null) {
      into.set(value, at);
      at += value.length;
    }
    if (headerBytes > 0) writeHeaders(into, at, headers);
    at += headerBytes;
  }
  return latest;
}

function writeHeaders(into: Buffer, at: number, headers: readonly RecordHeader[]): void {
  for (const { name, value } of headers) {
    const nameBytes = into.write(name, at + HEADER_FIXED_BYTES);
    into.writeUInt32LE(nameBytes, at);
    into.writeInt32LE(value === null ? -1 : value.length, at + 4);
    at += HEADER_FIXED_BYTES + nameBytes;
    if (value === null) continue;
    into.set(value, at);
    at += value.length;
  }
}

export interface BlockPlace {
  readonly buffer: Buffer;
  readonly at: number;
  readonly base: number;
  readonly count: number;
  /** The buffer will hold other bytes some day: what is read from it is copied. */
  readonly passing?: boolean;
}

export interface Collected {
  readonly records: LogRecord[];
  bytes: number;
  /** No more fits the limits. */
  full: boolean;
}

/** Adds the block's records from offset `from` up to `until`, as views of its buffer, as far as the limits allow. */
export function readRecords(block: BlockPlace, from: number, until: number, limits: ReadLimits, into: Collected): void {
  const first = Math.max(0, from - block.base);
  const count = Math.min(block.count, until - block.base);
  let at = block.at;
  for (let i = 0; i < first && i < count; i++) at = recordEnd(block.buffer, at);
  const start = at;
  let chosen = 0;
  for (let i = first; i < count && !into.full; i++) {
    const next = recordEnd(block.buffer, at);
    const bytes = next - at - FIXED_BYTES;
    const taken = into.records.length + chosen;
    if (taken > 0 && into.bytes + bytes > limits.maxBytes) into.full = true;
    else {
      into.bytes += bytes;
      chosen++;
      at = next;
      if (taken + 1 >= limits.maxRecords) into.full = true;
    }
  }
  const views = block.passing
    ? { buffer: Buffer.from(block.buffer.subarray(start, at)), at: 0 }
    : { buffer: block.buffer, at: start };
  addRecords(views, block.base + first, chosen, into.records);
}

/** Where the record at `at` ends. */
const recordEnd = (buffer: Buffer, at: number): number =>
  at +
  FIXED_BYTES +
  Math.max(0, buffer.readInt32LE(at + 8)) +
  Math.max(0, buffer.readInt32LE(at + 12)) +
  buffer.readUInt32LE(at + 16);

function addRecords(from: Pick<BlockPlace, "buffer" | "at">, base: number, count: number, into: LogRecord[]): void {
  const { buffer } = from;
  let { at } = from;
  for (let i = 0; i < count; i++) {
    const keyBytes = buffer.readInt32LE(at + 8);
    const valueBytes = buffer.readInt32LE(at + 12);
    const headerBytes = buffer.readUInt32LE(at + 16);
    const keyAt = at + FIXED_BYTES;
    const valueAt = keyBytes > 0 ? keyAt + keyBytes : keyAt;
    const headersAt = valueBytes > 0 ? valueAt + valueBytes : valueAt;
    const next = headersAt + headerBytes;
    into.push({
      offset: BigInt(base + i),
      key: keyBytes < 0 ? null : buffer.subarray(keyAt, valueAt),
      value: valueBytes < 0 ? null : buffer.subarray(valueAt, headersAt),
      headers: headerBytes === 0 ? NO_HEADERS : readHeaders(buffer, headersAt, next),
      timestampMs: buffer.readDoubleLE(at),
    });
    at = next;
  }
}

function readHeaders(buffer: Buffer, at: number, end: number): RecordHeader[] {
  const headers: RecordHeader[] = [];
  while (at < end) {
    const nameEnd = at + HEADER_FIXED_BYTES + buffer.readUInt32LE(at);
    const valueBytes = buffer.readInt32LE(at + 4);
    const next = nameEnd + Math.max(0, valueBytes);
    headers.push({
      name: buffer.toString("utf8", at + HEADER_FIXED_BYTES, nameEnd),
      value: valueBytes < 0 ? null : buffer.subarray(nameEnd, next),
    });
    at = next;
  }
  return headers;
}

/** The first offset from `from` on whose timestamp is at or after the given one. */
export function firstAtOrAfter(block: BlockPlace, from: number, timestampMs: number): number | undefined {
  const { buffer, base, count } = block;
  let at = block.at;
  for (let i = 0; i < count; i++) {
    if (base + i >= from && buffer.readDoubleLE(at) >= timestampMs) return base + i;
    at = recordEnd(buffer, at);
  }
  return undefined;
}
