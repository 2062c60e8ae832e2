import { crc32 } from "node:zlib";
import type { Block } from "../record-storage.ts";
import { recordsSize, writeRecords } from "./record-codec.ts";

/**
 * A frame: what one group commit stores. Numbers are little-endian; offsets and times are doubles (whole below 2^53).
 *
 *   0 magic u32 | 4 CRC-32 of all that follows u32 | 8 length of the frame u32 | 12 kind u32
 *   16 sequence f64 | 24 stored at, ms f64 | 32 number of blocks u32 | 36 zero u32
 *   40 per block: topic id u32, partition u32, base offset f64, records u32, bytes u32, latest timestamp f64
 *      then the blocks' records in the same order; or, in a frame of kind TOPICS, JSON
 *
 * The sequence rises by one from frame to frame, across segments.
 */
export const MAGIC = Buffer.from([0x89, 0x50, 0x4c, 0x46]);
export const HEADER_BYTES = 40;
const BLOCK_BYTES = 32;
export const RECORDS = 1;
export const TOPICS = 2;

export interface BlockHeader {
  readonly topicId: number;
  readonly partition: number;
  readonly base: number;
  readonly count: number;
  readonly maxTimestampMs: number;
  /** Where its records lie in the buffer that it was read from. */
  readonly at: number;
  readonly bytes: number;
}

export interface Frame {
  readonly buffer: Buffer;
  /** Of the frame in `buffer`. */
  readonly at: number;
  readonly length: number;
  readonly kind: number;
  readonly sequence: number;
  readonly storedAtMs: number;
}

/** The frame is laid into what `room` gives for its length. */
export function recordsFrame(
  blocks: readonly Block[],
  sequence: number,
  storedAtMs: number,
  room: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const sizes = blocks.map((block) => recordsSize(block.records));
  const recordsAt = HEADER_BYTES + BLOCK_BYTES * blocks.length;
  const frame = room(sizes.reduce((sum, size) => sum + size, recordsAt));
  let at = recordsAt;
  for (const [i, { log, base, records }] of blocks.entries()) {
    const header = HEADER_BYTES + BLOCK_BYTES * i;
    frame.writeUInt32LE(log.topicId, header);
    frame.writeUInt32LE(log.partition, header + 4);
    frame.writeDoubleLE(base, header + 8);
    frame.writeUInt32LE(records.length, header + 16);
    frame.writeUInt32LE(sizes[i]!, header + 20);
    frame.writeDoubleLE(writeRecords(frame, at, records), header + 24);
    at += sizes[i]!;
  }
  return finish(frame, RECORDS, sequence, storedAtMs, blocks.length);
}

export function topicsFrame(json: string, sequence: number, storedAtMs: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(json));
  frame.write(json, HEADER_BYTES);
  return finish(frame, TOPICS, sequence, storedAtMs, 0);
}

function finish(frame: Buffer, kind: number, sequence: number, storedAtMs: number, blocks: number): Buffer {
  MAGIC.copy(frame, 0);
  frame.writeUInt32LE(frame.length, 8);
  frame.writeUInt32LE(kind, 12);
  frame.writeDoubleLE(sequence, 16);
  frame.writeDoubleLE(storedAtMs, 24);
  frame.writeUInt32LE(blocks, 32);
  frame.writeUInt32LE(0, 36);
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
  return frame;
}

/** The length that a frame at `at` claims to have; undefined when no frame can start there. Its checksum is not looked at. */
export function claimedLength(buffer: Buffer, at: number): number | undefined {
  if (at + HEADER_BYTES > buffer.length || buffer.compare(MAGIC, 0, 4, at, at + 4) !== 0) return undefined;
  const length = buffer.readUInt32LE(at + 8);
  return length >= HEADER_BYTES ? length : undefined;
}

/** The frame at `at`, which `buffer` must hold as a whole; undefined when its checksum is wrong (unless `verified`). */
export function frameAt(buffer: Buffer, at: number, length: number, verified = false): Frame | undefined {
  if (at + length > buffer.length) return undefined;
  if (!verified && crc32(buffer.subarray(at + 8, at + length)) !== buffer.readUInt32LE(at + 4)) return undefined;
  return {
    buffer,
    at,
    length,
    kind: buffer.readUInt32LE(at + 12),
    sequence: buffer.readDoubleLE(at + 16),
    storedAtMs: buffer.readDoubleLE(at + 24),
  };
}

export function blocksOf({ buffer, at }: Frame): BlockHeader[] {
  const count = buffer.readUInt32LE(at + 32);
  let recordsAt = at + HEADER_BYTES + BLOCK_BYTES * count;
  const blocks: BlockHeader[] = [];
  for (let i = 0; i < count; i++) {
    const header = at + HEADER_BYTES + BLOCK_BYTES * i;
    const bytes = buffer.readUInt32LE(header + 20);
    blocks.push({
      topicId: buffer.readUInt32LE(header),
      partition: buffer.readUInt32LE(header + 4),
      base: buffer.readDoubleLE(header + 8),
      count: buffer.readUInt32LE(header + 16),
      maxTimestampMs: buffer.readDoubleLE(header + 24),
      at: recordsAt,
      bytes,
    });
    recordsAt += bytes;
  }
  return blocks;
}

export const jsonOf = ({ buffer, at, length }: Frame): string =>
  buffer.toString("utf8", at + HEADER_BYTES, at + length);
