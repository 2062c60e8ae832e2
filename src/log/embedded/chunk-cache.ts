import { deque } from "./deque.ts";
import type { Chunk, Chunks } from "./scan.ts";
import type { Segment } from "./segment.ts";

/**
 * What was read from the disk not long ago. Who reads on in small steps, and readers of several partitions that catch
 * up side by side, pass the same frames; so each is read and verified once for all of them.
 */
export interface ChunkCache {
  of(segment: Segment): Chunks;
}

interface Kept {
  readonly segment: Segment;
  readonly chunk: Chunk;
}

/** Keeps up to `maxBytes` of memory, or one chunk, and what was read last. */
export function chunkCache(maxBytes: number): ChunkCache {
  const kept = deque<Kept>();
  let bytes = 0;
  return {
    of: (segment) => ({
      holding(position) {
        for (let i = kept.length - 1; i >= 0; i--) {
          const { segment: other, chunk } = kept.at(i)!;
          const into = position - chunk.position;
          if (other === segment && into >= 0 && into < chunk.buffer.length) return chunk;
        }
        return undefined;
      },
      add(chunk) {
        kept.push({ segment, chunk });
        bytes += chunk.buffer.length;
        while (bytes > maxBytes && kept.length > 1) bytes -= kept.shift()!.chunk.buffer.length;
      },
    }),
  };
}
