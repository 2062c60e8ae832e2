import type { ReadAt } from "./files.ts";
import { claimedLength, type Frame, frameAt, HEADER_BYTES, MAGIC } from "./frame.ts";

const CHUNK_BYTES = 1024 * 1024;
/** A scan that goes on reads more at a time: the frame that a chunk cuts in two is read again. */
const LARGEST_CHUNK_BYTES = 4 * CHUNK_BYTES;

/** Where a scan ended: at `position`, with a reason when what follows is no whole frame. */
export interface ScanEnd {
  readonly position: number;
  readonly damage?: string;
}

/** Bytes of a file as they were read, from `position` on. */
export interface Chunk {
  readonly position: number;
  readonly buffer: Buffer;
  /** The checksums of the frames that lie in the first so many bytes were found right. */
  verified: number;
}

/** Chunks of one file that are kept in memory. */
export interface Chunks {
  /** The latest that holds the byte at a position. */
  holding(position: number): Chunk | undefined;
  add(chunk: Chunk): void;
}

/**
 * Visits the frames of a file from `from` up to `end`, each with its checksum verified, until one is not whole or
 * `visit` answers false. Frames are views of buffers that are not used again. What `kept` holds is not read or verified
 * again, unless it is found damaged: then the file decides.
 */
export async function scanFrames(
  read: ReadAt,
  from: number,
  end: number,
  visit: (frame: Frame, position: number) => boolean | undefined,
  kept?: Chunks,
): Promise<ScanEnd> {
  let position = from;
  let step = CHUNK_BYTES;
  let wanted = step;
  let fresh = false;
  while (position < end) {
    const known: Chunk | undefined = fresh ? undefined : kept?.holding(position);
    const chunk: Chunk = known ?? {
      position,
      buffer: await read(position, Math.min(wanted, end - position)),
      verified: 0,
    };
    const { buffer } = chunk;
    const complete = known === undefined && (buffer.length < wanted || position + buffer.length >= end);
    if (known === undefined) step = Math.min(2 * step, LARGEST_CHUNK_BYTES);
    wanted = step;
    fresh = false;
    const first = position - chunk.position;
    let at = first;
    let damage: string | undefined;
    while (at < buffer.length && chunk.position + at < end) {
      const length = claimedLength(buffer, at);
      if (length === undefined) {
        if (complete || at + HEADER_BYTES <= buffer.length) damage = "no frame starts here";
        break;
      }
      if (at + length > buffer.length) {
        if (complete || chunk.position + at + length > end) damage = "the frame is not complete";
        wanted = Math.max(step, length);
        break;
      }
      const frame = frameAt(buffer, at, length, at < chunk.verified);
      if (frame === undefined) {
        damage = "the checksum does not match";
        break;
      }
      if (at === chunk.verified) chunk.verified += length;
      if (known === undefined && at === first) kept?.add(chunk);
      if (visit(frame, chunk.position + at) === false) return { position: chunk.position + at };
      at += length;
    }
    position = chunk.position + at;
    if (known !== undefined) {
      // A frame that the chunk cuts in two is read as a whole, and so is one that looks damaged.
      fresh = at < buffer.length;
      continue;
    }
    if (damage !== undefined) return { position, damage };
    if (at === first && complete) return { position, damage: "the frame is not complete" };
  }
  return { position };
}

/**
 * The first whole frame after a damaged place: what tells damage from a torn end, as at most one frame is ever
 * unsynced. Lengths are not trusted, the bytes are searched. A record may hold bytes that look like a frame (a copy of
 * a segment, say); its sequence gives it away.
 */
export async function findLaterFrame(
  read: ReadAt,
  damagedAt: number,
  end: number,
  expectedSequence: number | undefined,
): Promise<number | undefined> {
  const earliest = expectedSequence ?? 0;
  const latest =
    expectedSequence === undefined
      ? Number.POSITIVE_INFINITY
      : expectedSequence + Math.ceil((end - damagedAt) / HEADER_BYTES);
  for (let position = damagedAt + 1; position < end; ) {
    const buffer = await read(position, Math.min(CHUNK_BYTES, end - position));
    for (let at = buffer.indexOf(MAGIC); at >= 0; at = buffer.indexOf(MAGIC, at + 1)) {
      const header = await read(position + at, HEADER_BYTES);
      const length = claimedLength(header, 0);
      if (length === undefined || position + at + length > end) continue;
      const sequence = header.readDoubleLE(16);
      if (sequence < earliest || sequence > latest) continue;
      if (frameAt(await read(position + at, length), 0, length) !== undefined) return position + at;
    }
    if (position + buffer.length >= end || buffer.length === 0) return undefined;
    position += buffer.length - (MAGIC.length - 1);
  }
  return undefined;
}
