import { PinlakeError } from "../errors.ts";
import type { CreateTopicOptions, HashRange, PartitionDescription, TopicDescription } from "./event-log.ts";
import { isTopicName } from "./names.ts";

/** What a log remembers of a topic name, also while no topic has it: offsets go on where they stopped. */
export interface TopicState extends TopicDescription {
  /** Stands for the name in frames. Never given to another name. */
  readonly id: number;
  readonly deleted: boolean;
  /** Per partition of the present incarnation: the first offset that is its own. */
  readonly firstOffsets: readonly number[];
}

export interface CreateTopicContext {
  readonly id: number;
  readonly nowMs: number;
  /** The next offset of every partition that the name ever had. */
  readonly ends: readonly number[];
}

/** The state after `createTopic`. Throws TOPIC_NAME_INVALID, TOPIC_EXISTS, USAGE. */
export function created(
  before: TopicState | undefined,
  topic: string,
  options: CreateTopicOptions,
  { id, nowMs, ends }: CreateTopicContext,
): TopicState {
  if (!isTopicName(topic)) throw new PinlakeError("TOPIC_NAME_INVALID", { topic });
  if (before !== undefined && !before.deleted) throw new PinlakeError("TOPIC_EXISTS", { topic });
  const { partitions: count = 1, hashRanges } = options;
  if (!Number.isInteger(count) || count < 1)
    throw new PinlakeError("USAGE", { message: `A topic has at least 1 partition, not ${count}.` });
  if (hashRanges !== undefined && hashRanges.length !== count)
    throw new PinlakeError("USAGE", { message: `${hashRanges.length} hash ranges do not fit ${count} partitions.` });
  const firstMs = Math.max(nowMs, lastCreationMs(before) + 1);
  const partitions = Array.from({ length: count }, (_, partition) =>
    describePartition(partition, [], hashRanges?.[partition], firstMs + partition),
  );
  return {
    id,
    topic,
    incarnation: (before?.incarnation ?? 0) + 1,
    createdAtMs: firstMs,
    config: { ...options.config },
    partitions,
    deleted: false,
    firstOffsets: partitions.map((_, partition) => ends[partition] ?? 0),
  };
}

export const deleted = (before: TopicState): TopicState => ({ ...before, deleted: true });

/** The state after `addPartition`: the parents are closed in the same step. Throws PARTITION_NOT_FOUND, PARTITION_CLOSED. */
export function withPartition(
  before: TopicState,
  parents: readonly number[],
  hashRange: HashRange | undefined,
  { nowMs, ends }: Omit<CreateTopicContext, "id">,
): TopicState {
  for (const parent of parents) openPartition(before, parent);
  const partition = before.partitions.length;
  const createdAtMs = Math.max(nowMs, lastCreationMs(before) + 1);
  return {
    ...before,
    partitions: [
      ...before.partitions.map((p) => (parents.includes(p.partition) ? { ...p, closed: true } : p)),
      describePartition(partition, parents, hashRange, createdAtMs),
    ],
    firstOffsets: [...before.firstOffsets, ends[partition] ?? 0],
  };
}

/** The state after `closePartition`; closing twice changes nothing. Throws PARTITION_NOT_FOUND. */
export function withClosed(before: TopicState, partition: number): TopicState {
  knownPartition(before, partition);
  return {
    ...before,
    partitions: before.partitions.map((p) => (p.partition === partition ? { ...p, closed: true } : p)),
  };
}

export const describe = (state: TopicState): TopicDescription => ({
  topic: state.topic,
  incarnation: state.incarnation,
  createdAtMs: state.createdAtMs,
  config: state.config,
  partitions: state.partitions,
});

function openPartition(state: TopicState, partition: number): void {
  if (knownPartition(state, partition).closed)
    throw new PinlakeError("PARTITION_CLOSED", { topic: state.topic, partition });
}

function knownPartition(state: TopicState, partition: number): PartitionDescription {
  const found = state.partitions[partition];
  if (found === undefined)
    throw new PinlakeError("PARTITION_NOT_FOUND", {
      topic: state.topic,
      partition,
      partitions: state.partitions.length,
    });
  return found;
}

const lastCreationMs = (state: TopicState | undefined): number => state?.partitions.at(-1)?.createdAtMs ?? -1;

const describePartition = (
  partition: number,
  parents: readonly number[],
  hashRange: HashRange | undefined,
  createdAtMs: number,
): PartitionDescription => ({
  partition,
  closed: false,
  parents: [...parents],
  ...(hashRange === undefined ? {} : { hashRange }),
  createdAtMs,
});
