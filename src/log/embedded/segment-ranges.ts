import { PinlakeError } from "../../errors.ts";
import type { PartitionLog, RetentionLimits } from "../record-storage.ts";
import { partitionKey, type Segment, type SegmentRange } from "./segment.ts";

/** Which segments hold which offsets of each partition. */
export interface SegmentRanges {
  add(range: SegmentRange): void;
  remove(segments: ReadonlySet<Segment>): void;
  of(log: PartitionLog): readonly SegmentRange[];
  /** The range that holds the offset. Throws LOG_CORRUPT when no file has it, although it was stored. */
  holding(log: PartitionLog, offset: number): SegmentRange;
}

export function segmentRanges(folder: string, segments: readonly Segment[]): SegmentRanges {
  const partitions = new Map<string, SegmentRange[]>();
  const rangesOf = (log: PartitionLog) => partitions.get(partitionKey(log.topicId, log.partition)) ?? [];
  return {
    add(range) {
      const key = partitionKey(range.topicId, range.partition);
      const known = partitions.get(key);
      if (known === undefined) partitions.set(key, [range]);
      else known.push(range);
    },
    remove(segments) {
      if (segments.size === 0) return;
      for (const [key, known] of partitions) {
        const left = known.filter((range) => !segments.has(range.segment));
        if (left.length === 0) partitions.delete(key);
        else partitions.set(key, left);
      }
    },
    of: rangesOf,
    holding(log, offset) {
      const ranges = rangesOf(log);
      let low = 0;
      let high = ranges.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (ranges[middle]!.base <= offset) low = middle;
        else high = middle - 1;
      }
      const range = ranges[low];
      if (range !== undefined && range.base <= offset && offset < range.next) return range;
      const reason = `offset ${offset} of topic "${log.topic}" partition ${log.partition} is missing`;
      // It was in a damaged segment around here, or in one that is gone.
      const from = ranges.findLast(({ base }) => base <= offset)?.segment.number ?? 0;
      const to = ranges.find(({ base }) => base > offset)?.segment.number ?? Number.POSITIVE_INFINITY;
      const damaged = segments.find(({ damage, number }) => damage !== undefined && number >= from && number <= to);
      throw new PinlakeError("LOG_CORRUPT", {
        file: damaged?.file ?? range?.segment.file ?? folder,
        position: damaged?.damage?.position ?? range?.segment.length ?? 0,
        reason: damaged?.damage === undefined ? reason : `${damaged.damage.reason}, and ${reason}`,
      });
    },
  };
}

/**
 * Below which offset a partition's records are past the limits. Whole sealed segments go; as in Kafka, at least
 * `retentionBytes` are left. What comes before an old segment is old, whatever a wrong clock wrote into it.
 */
export function expiredBelow(
  ranges: readonly SegmentRange[],
  active: Segment,
  { retentionMs, retentionBytes }: RetentionLimits,
  nowMs: number,
): number {
  let newerBytes = 0;
  return (
    ranges.findLast((range) => {
      const old = retentionMs >= 0 && nowMs - range.segment.lastStoredAtMs > retentionMs;
      const tooMany = retentionBytes >= 0 && newerBytes >= retentionBytes;
      newerBytes += range.bytes;
      return range.segment !== active && (old || tooMany);
    })?.next ?? 0
  );
}

/** The newest segment that must go, with all before it, for the log to hold no more than `maxBytes`. */
export function lastSegmentOver(segments: readonly Segment[], maxBytes: number): number {
  if (maxBytes < 0) return -1;
  let bytes = 0;
  return (
    segments.findLast(({ length }, i) => {
      bytes += length;
      return bytes > maxBytes && i < segments.length - 1;
    })?.number ?? -1
  );
}
