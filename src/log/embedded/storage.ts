import { PinlakeError } from "../../errors.ts";
import { storageError } from "../../storage-error.ts";
import type { PartitionLog, RecordStorage } from "../record-storage.ts";
import { chunkCache } from "./chunk-cache.ts";
import type { Files } from "./files.ts";
import { type BlockHeader, blocksOf, type Frame, RECORDS, recordsFrame, topicsFrame } from "./frame.ts";
import { type Collected, firstAtOrAfter, readRecords } from "./record-codec.ts";
import { scanFrames } from "./scan.ts";
import { indexBlock, positionBefore, type SegmentRange } from "./segment.ts";
import { expiredBelow, lastSegmentOver, segmentRanges } from "./segment-ranges.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { sidecarOf } from "./sidecar.ts";
import { tail } from "./tail.ts";
import { topicsJson } from "./topics-json.ts";

export interface SegmentStorageOptions {
  readonly files: Files;
  readonly folder: string;
  readonly writer: SegmentWriter;
  /** Of the whole log; -1 is no limit. */
  readonly retentionBytes: number;
  readonly now: () => number;
}

const TAIL_BYTES = 64 * 1024 * 1024;
/** A reader of a partition that is thin in its segment gets what was found after so many bytes. */
const SCAN_BYTES = 16 * 1024 * 1024;

type VisitBlock = (block: BlockHeader & { readonly buffer: Buffer }) => boolean;

/** Records in segment files. One log for all partitions: what waits at the same time shares one frame and one sync. */
export function segmentStorage({ files, folder, writer, retentionBytes, now }: SegmentStorageOptions): RecordStorage {
  const ranges = segmentRanges(folder, writer.segments);
  // By offset, whatever the files are called: each frame says itself which offsets it holds.
  const known = writer.segments.flatMap((segment) => [...segment.ranges.values()]);
  for (const range of known.sort((a, b) => a.base - b.base)) ranges.add(range);
  const newest = tail(TAIL_BYTES);
  const recent = chunkCache(2 * SCAN_BYTES);
  let scanning: Promise<unknown> = Promise.resolve();

  /**
   * Visits the partition's blocks in a segment from the one that holds `from` on, until `visit` answers false. One at
   * a time: whoever waits finds what the one before it read.
   */
  function visitBlocks(range: SegmentRange, from: number, visit: VisitBlock): Promise<void> {
    const visited = scanning.then(() => scanBlocks(range, from, visit));
    scanning = visited.catch(() => {});
    return visited;
  }

  async function scanBlocks(range: SegmentRange, from: number, visit: VisitBlock): Promise<void> {
    const { file, length } = range.segment;
    const start = positionBefore(range, from);
    // Also when all is in memory: of a segment that retention took nothing is given.
    const fd = openSegment(file);
    const read = (position: number, length: number) => files.read(fd, position, length);
    try {
      let next = from;
      const visitFrame = (frame: Frame, position: number) => {
        if (frame.kind !== RECORDS) return true;
        for (const block of blocksOf(frame)) {
          if (block.topicId !== range.topicId || block.partition !== range.partition) continue;
          if (block.base + block.count <= next) continue;
          next = block.base + block.count;
          if (!visit({ ...block, buffer: frame.buffer })) return false;
        }
        return next < range.next && !(next > from && position - start > SCAN_BYTES);
      };
      const { damage, position } = await scanFrames(read, start, length, visitFrame, recent.of(range.segment));
      if (damage !== undefined) throw new PinlakeError("LOG_CORRUPT", { file, position, reason: damage });
    } finally {
      files.close(fd);
    }
  }

  function openSegment(file: string): number {
    try {
      return files.open(file, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw storageError(error, file);
      throw new PinlakeError("LOG_CORRUPT", { file, position: 0, reason: "it is missing" }, { cause: error });
    }
  }

  return {
    async write(blocks, nowMs) {
      let bytes: Buffer = Buffer.alloc(0);
      const position = await writer.write((sequence) => {
        bytes = recordsFrame(blocks, sequence, nowMs, newest.room);
        return bytes;
      }, nowMs);
      const frame = { buffer: bytes, at: 0, length: bytes.length, kind: RECORDS, sequence: 0, storedAtMs: nowMs };
      const headers = blocksOf(frame);
      for (const header of headers) {
        const range = indexBlock(writer.active, header, position, nowMs);
        if (range.base === header.base) ranges.add(range);
      }
      newest.add(bytes, headers);
    },
    async saveTopics(entries) {
      const nowMs = now();
      await writer.write((sequence) => topicsFrame(topicsJson(entries), sequence, nowMs), nowMs);
    },
    async read(log, from, limits) {
      const until = log.end;
      const found: Collected = { records: [], bytes: 0, full: false };
      const inMemory = newest.blocks(log, from);
      if (inMemory !== undefined) {
        for (const block of inMemory) {
          readRecords(block, from, until, limits, found);
          if (found.full || block.base + block.count >= until) break;
        }
        return found.records;
      }
      const range = ranges.holding(log, from);
      let reached = from;
      try {
        await visitBlocks(range, from, (block) => {
          if (block.base > reached) throw missing(range, log, reached);
          reached = block.base + block.count;
          readRecords(block, from, until, limits, found);
          return !found.full && block.base + block.count < until;
        });
      } catch (error) {
        // What was read before a damaged place is whole; the next read begins there and reports it.
        if (found.records.length === 0) throw storageError(error, range.segment.file);
      }
      if (found.records.length === 0) throw missing(range, log, from);
      return found.records;
    },
    async offsetForTime(log, from, timestampMs) {
      let found: number | undefined;
      for (const range of ranges.of(log)) {
        if (range.next <= from || range.maxTimestampMs < timestampMs) continue;
        for (
          let at = Math.max(from, range.base), before = -1;
          at > before && at < range.next && found === undefined;
        ) {
          before = at;
          await visitBlocks(range, at, (block) => {
            at = block.base + block.count;
            if (block.maxTimestampMs >= timestampMs) found = firstAtOrAfter(block, from, timestampMs);
            return found === undefined;
          });
        }
        if (found !== undefined) break;
      }
      return found;
    },
    expired(log, limits, nowMs) {
      const mine = ranges.of(log);
      const over = lastSegmentOver(writer.segments, retentionBytes);
      const dropped = mine.findLast((range) => range.segment.number <= over)?.next ?? 0;
      return Math.max(dropped, expiredBelow(mine, writer.active, limits, nowMs));
    },
    async sealPast(retentionMs, nowMs) {
      const { firstStoredAtMs, ranges: held } = writer.active;
      if (firstStoredAtMs === undefined) return;
      const ageMs = nowMs - firstStoredAtMs;
      const past = held.values().some(({ topicId }) => {
        const keptMs = retentionMs(topicId);
        return keptMs >= 0 && ageMs > keptMs / 10;
      });
      if (past) await writer.seal(nowMs);
    },
    async makeRoom() {
      await writer.makeRoom();
      for (const sealed of writer.segments.slice(0, Math.min(8, writer.segments.length - 1)))
        files.remove(sidecarOf(sealed));
    },
    async removeBelowStarts(startOf) {
      const gone = writer.segments
        .slice(0, -1)
        .filter(
          (sealed) => !sealed.ranges.values().some((range) => range.next > startOf(range.topicId, range.partition)),
        );
      ranges.remove(new Set(gone));
      for (const sealed of gone) await writer.remove(sealed);
      return gone.reduce((sum, { length }) => sum + length, 0);
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

const missing = (range: SegmentRange, log: PartitionLog, offset: number) =>
  new PinlakeError("LOG_CORRUPT", {
    file: range.segment.file,
    position: positionBefore(range, offset),
    reason: `offset ${offset} of topic "${log.topic}" partition ${log.partition} is missing`,
  });
