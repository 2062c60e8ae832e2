import type { PartitionLog } from "../record-storage.ts";
import { type Deque, deque } from "./deque.ts";
import type { BlockHeader } from "./frame.ts";
import type { BlockPlace } from "./record-codec.ts";
import { partitionKey } from "./segment.ts";

/** The newest frames, kept in memory up to a limit, so that who reads at the end never touches the disk. */
export interface Tail {
  /** Memory for the next frame; frames make way for it, the oldest first. */
  room(bytes: number): Buffer;
  /** Keeps a frame, which was laid into the last `room`. */
  add(frame: Buffer, blocks: readonly BlockHeader[]): void;
  /** The blocks from the one that holds `from` on, to be read at once; undefined when it is no longer here. */
  blocks(log: PartitionLog, from: number): Iterable<BlockPlace> | undefined;
}

/** Frames lie one behind the other in slabs, which are filled again in turn: so the garbage collector has no part in it. */
interface Slab {
  readonly memory: Buffer;
  used: number;
  /** The partition of each block. */
  keys: string[];
}

const SLAB_BYTES = 8 * 1024 * 1024;

export function tail(maxBytes: number): Tail {
  const slabs = deque<Slab>();
  const partitions = new Map<string, Deque<BlockPlace>>();
  let bytes = 0;

  function dropOldest(): Buffer {
    const { memory, keys } = slabs.shift()!;
    bytes -= memory.length;
    for (const key of keys) {
      const kept = partitions.get(key)!;
      kept.shift();
      if (kept.length === 0) partitions.delete(key);
    }
    return memory;
  }

  function newSlab(needed: number): Slab {
    const size = Math.max(SLAB_BYTES, needed);
    let memory: Buffer | undefined;
    while (slabs.length > 0 && bytes + size > maxBytes) memory = dropOldest();
    if (memory?.length !== size) memory = Buffer.allocUnsafeSlow(size);
    bytes += size;
    const slab = { memory, used: 0, keys: [] };
    slabs.push(slab);
    return slab;
  }

  const last = () => slabs.at(slabs.length - 1);

  return {
    room(needed) {
      let slab = last();
      if (slab === undefined || slab.memory.length - slab.used < needed) slab = newSlab(needed);
      return slab.memory.subarray(slab.used, slab.used + needed);
    },
    add(frame, blocks) {
      const slab = last()!;
      slab.used += frame.length;
      for (const { topicId, partition, at, base, count } of blocks) {
        const key = partitionKey(topicId, partition);
        slab.keys.push(key);
        let kept = partitions.get(key);
        if (kept === undefined) {
          kept = deque();
          partitions.set(key, kept);
        }
        kept.push({ buffer: frame, at, base, count, passing: true });
      }
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
