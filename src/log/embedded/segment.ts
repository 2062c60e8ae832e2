import { join } from "node:path";
import type { BlockHeader } from "./frame.ts";

/** What is known of one partition's records in one segment. */
export interface SegmentRange {
  readonly segment: Segment;
  readonly topicId: number;
  readonly partition: number;
  /** First offset, and the one past the last. */
  readonly base: number;
  next: number;
  bytes: number;
  maxTimestampMs: number;
  /** Pairs of offset and position: at that position begins the frame that holds that offset. */
  readonly entries: number[];
  /** Own bytes since the last entry. */
  unindexedBytes: number;
}

export interface Segment {
  readonly number: number;
  readonly file: string;
  /** Up to here every byte is on the disk and acknowledged. */
  length: number;
  /** When its first and last records were stored; undefined while it has none. */
  firstStoredAtMs: number | undefined;
  lastStoredAtMs: number;
  readonly ranges: Map<string, SegmentRange>;
  /** The first damaged place, as far as it was come upon when the segment was opened. */
  damage?: { readonly position: number; readonly reason: string };
}

export const segment = (folder: string, number: number): Segment => ({
  number,
  file: join(folder, `${String(number).padStart(12, "0")}.segment`),
  length: 0,
  firstStoredAtMs: undefined,
  lastStoredAtMs: 0,
  ranges: new Map(),
});

/** The number in a segment's file name; undefined for other files. */
export function segmentNumber(fileName: string): number | undefined {
  const match = /^(\d{12})\.segment$/.exec(fileName);
  return match === null ? undefined : Number(match[1]);
}

export const partitionKey = (topicId: number, partition: number): string => `${topicId}/${partition}`;

/** An entry comes after so many bytes of the partition's own, or so many of the segment. */
const ENTRY_OWN_BYTES = 64 * 1024;
const ENTRY_DISTANCE_BYTES = 4 * 1024 * 1024;

/** Notes a block of a frame at `position`. Blocks come in the order of the file. */
export function indexBlock(into: Segment, block: BlockHeader, position: number, storedAtMs: number): SegmentRange {
  const key = partitionKey(block.topicId, block.partition);
  let range = into.ranges.get(key);
  if (range === undefined) {
    range = {
      segment: into,
      topicId: block.topicId,
      partition: block.partition,
      base: block.base,
      next: block.base,
      bytes: 0,
      maxTimestampMs: Number.NEGATIVE_INFINITY,
      entries: [],
      unindexedBytes: Number.POSITIVE_INFINITY,
    };
    into.ranges.set(key, range);
  }
  const distance = position - (range.entries.at(-1) ?? 0);
  if (range.unindexedBytes >= ENTRY_OWN_BYTES || distance >= ENTRY_DISTANCE_BYTES) {
    range.entries.push(block.base, position);
    range.unindexedBytes = 0;
  }
  range.unindexedBytes += block.bytes;
  range.bytes += block.bytes;
  range.next = block.base + block.count;
  range.maxTimestampMs = Math.max(range.maxTimestampMs, block.maxTimestampMs);
  into.firstStoredAtMs ??= storedAtMs;
  into.lastStoredAtMs = storedAtMs;
  return range;
}

/** Where to begin to scan for an offset: the last indexed frame that starts at or before it. */
export function positionBefore({ entries }: SegmentRange, offset: number): number {
  let low = 0;
  let high = entries.length / 2 - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (entries[2 * middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return entries[2 * low + 1] ?? 0;
}
