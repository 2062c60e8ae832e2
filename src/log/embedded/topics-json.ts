import type { HashRange, PartitionDescription } from "../event-log.ts";
import { partitionLog, type TopicEntry } from "../record-storage.ts";

interface StoredTopic {
  readonly id: number;
  readonly topic: string;
  readonly incarnation: number;
  readonly createdAtMs: number;
  readonly deleted: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly partitions: readonly (Omit<PartitionDescription, "hashRange"> & { readonly hashRange?: [string, string] })[];
  readonly firstOffsets: readonly number[];
  /** Start and end of each partition that the name ever had. */
  readonly offsets: readonly (readonly [number, number])[];
}

/** The text of a TOPICS frame: the topics that it names are from here on as it says. */
export const topicsJson = (entries: Iterable<TopicEntry>): string =>
  JSON.stringify(
    [...entries].map(
      ({ state, logs }): StoredTopic => ({
        id: state.id,
        topic: state.topic,
        incarnation: state.incarnation,
        createdAtMs: state.createdAtMs,
        deleted: state.deleted,
        config: state.config,
        partitions: state.partitions.map(({ hashRange, ...partition }) => ({
          ...partition,
          ...(hashRange === undefined ? {} : { hashRange: [`${hashRange.start}`, `${hashRange.end}`] }),
        })),
        firstOffsets: state.firstOffsets,
        offsets: logs.map((log) => [log.start, log.end]),
      }),
    ),
  );

export const parseTopics = (json: string): TopicEntry[] =>
  (JSON.parse(json) as StoredTopic[]).map(({ offsets, partitions, ...stored }) => ({
    state: {
      ...stored,
      partitions: partitions.map(({ hashRange, ...partition }) => ({
        ...partition,
        ...(hashRange === undefined ? {} : { hashRange: parseRange(hashRange) }),
      })),
    },
    logs: offsets.map(([start, end], partition) => ({
      ...partitionLog(stored.id, stored.topic, partition),
      start,
      end,
    })),
  }));

const parseRange = ([start, end]: [string, string]): HashRange => ({ start: BigInt(start), end: BigInt(end) });
