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

/**
 * Visits the frames of a file from `from` up to `end`, each with its checksum verified, until one is not whole or
 * `visit` answers false. Frames are views of buffers that are not used again. `cached` gives frames that were verified
 * before.
 */
export async function scanFrames(
  read: ReadAt,
  from: number,
  end: number,
  visit: (frame: Frame, position: number) => boolean | undefined,
  cached: (position: number) => Frame | undefined = () => undefined,
): Promise<ScanEnd> {
  let position = from;
  let chunk = CHUNK_BYTES;
  let wanted = chunk;
  while (position < end) {
    for (let frame = cached(position); frame !== undefined; frame = cached(position)) {
      if (visit(frame, position) === false) return { position };
      position += frame.length;
    }
    if (position >= end) break;
    const buffer = await read(position, Math.min(wanted, end - position));
    const complete = buffer.length < wanted || position + buffer.length >= end;
    chunk = Math.min(2 * chunk, LARGEST_CHUNK_BYTES);
    wanted = chunk;
    let at = 0;
    while (at < buffer.length) {
      const length = claimedLength(buffer, at);
      if (length === undefined) {
        if (!complete && at + HEADER_BYTES > buffer.length) break;
        return { position: position + at, damage: "no frame starts here" };
      }
      if (at + length > buffer.length) {
        if (position + at + length > end) return { position: position + at, damage: "the frame is not complete" };
        if (complete) return { position: position + at, damage: "the frame is not complete" };
        wanted = Math.max(chunk, length);
        break;
      }
      const frame = frameAt(buffer, at, length);
      if (frame === undefined) return { position: position + at, damage: "the checksum does not match" };
      if (visit(frame, position + at) === false) return { position: position + at };
      at += length;
    }
    if (at === 0 && complete) return { position, damage: "the frame is not complete" };
    position += at;
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
