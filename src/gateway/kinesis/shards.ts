import { hash } from "node:crypto";
import { PinlakeError } from "../../errors.ts";
import type { HashRange, PartitionDescription, TopicDescription } from "../../log/event-log.ts";
import { sequencePrefix } from "./sequence-number.ts";

const HASH_KEYS = 2n ** 128n;

/** Hash ranges that split the 2^128 hash keys evenly, without a gap. */
export function evenHashRanges(shards: number): HashRange[] {
  const cut = (i: number) => (HASH_KEYS * BigInt(i)) / BigInt(shards);
  return Array.from({ length: shards }, (_, i) => ({ start: cut(i), end: cut(i + 1) - 1n }));
}

/** MD5 of the partition key, as 32 hexadecimal digits. */
export const hashKey = (partitionKey: Uint8Array): string => hash("md5", partitionKey, "hex");

export const shardId = (shard: number): string => `shardId-${String(shard).padStart(12, "0")}`;

/** Where records of a stream go, and how those places are called. */
export interface ShardRouter {
  /** The open shard whose hash range holds the key. */
  shardFor(partitionKey: Uint8Array): number;
  /** What the shard's sequence numbers begin with. */
  sequencePrefix(shard: number): string;
}

const routers = new WeakMap<readonly PartitionDescription[], ShardRouter>();

/** Remembered for as long as the log gives the same partitions. */
export function shardRouter(stream: TopicDescription): ShardRouter {
  const known = routers.get(stream.partitions);
  if (known !== undefined) return known;
  const router = createRouter(stream);
  routers.set(stream.partitions, router);
  return router;
}

function createRouter({ topic, createdAtMs, partitions }: TopicDescription): ShardRouter {
  const prefixes = partitions.map(({ partition }) => sequencePrefix(createdAtMs, partition));
  const open = partitions.filter(({ closed }) => !closed);
  const even = evenHashRanges(Math.max(1, open.length));
  const ends = open
    .map(({ partition, hashRange }, i) => ({
      partition,
      end: (hashRange ?? even[i]!).end.toString(16).padStart(32, "0"),
    }))
    .sort((a, b) => (a.end < b.end ? -1 : 1));
  return {
    shardFor(partitionKey) {
      if (ends.length === 1) return ends[0]!.partition;
      const key = hashKey(partitionKey);
      const found = ends.find(({ end }) => key <= end);
      if (found === undefined) throw new PinlakeError("PARTITION_CLOSED", { topic, partition: partitions.length - 1 });
      return found.partition;
    },
    sequencePrefix: (shard) => prefixes[shard]!,
  };
}
