import { deque } from "./deque.ts";
import type { Frame } from "./frame.ts";
import type { Segment } from "./segment.ts";

/**
 * Frames that were read from the disk and verified not long ago. Readers of several partitions that catch up side by
 * side pass the same frames; so each is read and verified once for all of them.
 */
export interface FrameCache {
  get(segment: Segment, position: number): Frame | undefined;
  add(segment: Segment, position: number, frame: Frame): void;
}

/** What was read at once: its frames lie in one buffer, which the last of them keeps alive. */
interface Chunk {
  readonly buffer: Buffer;
  readonly keys: string[];
}

/** Keeps up to `maxBytes` of memory, and what was read last. */
export function frameCache(maxBytes: number): FrameCache {
  const frames = new Map<string, Frame>();
  const chunks = deque<Chunk>();
  let bytes = 0;
  const place = (segment: Segment, position: number) => `${segment.number}:${position}`;
  return {
    get: (segment, position) => frames.get(place(segment, position)),
    add(segment, position, frame) {
      const key = place(segment, position);
      if (frames.has(key)) return;
      frames.set(key, frame);
      let chunk = chunks.at(chunks.length - 1);
      if (chunk?.buffer !== frame.buffer) {
        chunk = { buffer: frame.buffer, keys: [] };
        chunks.push(chunk);
        bytes += chunk.buffer.length;
      }
      chunk.keys.push(key);
      while (bytes > maxBytes && chunks.length > 1) {
        const oldest = chunks.shift()!;
        bytes -= oldest.buffer.length;
        for (const gone of oldest.keys) frames.delete(gone);
      }
    },
  };
}
