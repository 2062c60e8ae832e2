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

export function frameCache(maxBytes: number): FrameCache {
  const frames = new Map<string, Frame>();
  const order = deque<string>();
  let bytes = 0;
  const place = (segment: Segment, position: number) => `${segment.number}:${position}`;
  return {
    get: (segment, position) => frames.get(place(segment, position)),
    add(segment, position, frame) {
      const key = place(segment, position);
      if (frames.has(key)) return;
      frames.set(key, frame);
      order.push(key);
      bytes += frame.length;
      while (bytes > maxBytes && order.length > 1) {
        const oldest = order.shift()!;
        bytes -= frames.get(oldest)!.length;
        frames.delete(oldest);
      }
    },
  };
}
