import type { PartitionLog } from "../record-storage.ts";
import { type Deque, deque } from "./deque.ts";
import type { BlockHeader, Frame } from "./frame.ts";
import { partitionKey } from "./segment.ts";

export interface TailBlock {
  readonly buffer: Buffer;
  readonly at: number;
  readonly base: number;
  readonly count: number;
}

/** The newest frames, kept in memory up to a limit, so that who reads at the end never touches the disk. */
export interface Tail {
  add(frame: Frame, blocks: readonly BlockHeader[]): void;
  /** The blocks from the one that holds `from` on; undefined when it is no longer here. */
  blocks(log: PartitionLog, from: number): Iterable<TailBlock> | undefined;
}

export function tail(maxBytes: number): Tail {
  const frames = deque<{ readonly bytes: number; readonly keys: readonly string[] }>();
  const partitions = new Map<string, Deque<TailBlock>>();
  let bytes = 0;

  function dropOldest(): void {
    const oldest = frames.shift()!;
    bytes -= oldest.bytes;
    for (const key of oldest.keys) {
      const kept = partitions.get(key)!;
      kept.shift();
      if (kept.length === 0) partitions.delete(key);
    }
  }

  return {
    add({ buffer, length }, blocks) {
      const keys: string[] = [];
      for (const { topicId, partition, at, base, count } of blocks) {
        const key = partitionKey(topicId, partition);
        keys.push(key);
        let kept = partitions.get(key);
        if (kept === undefined) {
          kept = deque();
          partitions.set(key, kept);
        }
        kept.push({ buffer, at, base, count });
      }
      frames.push({ bytes: length, keys });
      bytes += length;
      while (bytes > maxBytes && frames.length > 1) dropOldest();
    },
    blocks(log, from) {
      const kept = partitions.get(partitionKey(log.topicId, log.partition));
      if (kept === undefined || kept.at(0)!.base > from) return undefined;
      let low = 0;
      let high = kept.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (kept.at(middle)!.base <= from) low = middle;
        else high = middle - 1;
      }
      return (function* () {
        for (let i = low; i < kept.length; i++) yield kept.at(i)!;
      })();
    },
  };
}
