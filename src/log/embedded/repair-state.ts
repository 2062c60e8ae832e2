import { lostRecord } from "../lost-record.ts";
import { type Block, partitionLog, type TopicEntry } from "../record-storage.ts";
import { created, withPartition } from "../topic-state.ts";
import { type BlockHeader, blocksOf, type Frame, jsonOf, RECORDS, TOPICS } from "./frame.ts";
import { partitionKey } from "./segment.ts";
import { parseTopics } from "./topics-json.ts";

/** Offsets of a partition that no frame holds, `to` exclusive. */
export interface Gap {
  readonly topicId: number;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

const keyOf = ({ topicId, partition }: Pick<Gap, "topicId" | "partition">) => partitionKey(topicId, partition);

/** What the frames so far say of topics and offsets. */
export interface RepairState {
  readonly topics: ReadonlyMap<number, TopicEntry>;
  /**
   * Offsets that the frame shows to have been before it, and that no frame so far held; and those that damaged frames
   * claimed to hold, if they fit what was there.
   */
  missingBefore(frame: Frame, claimed: readonly BlockHeader[]): readonly Gap[];
  /**
   * Makes the topics fit a frame and the gaps before it: each partition stands where they begin. Answers those that
   * changed by that: what told of them was lost; if no later frame tells a name, they get one.
   */
  introduce(frame: Frame, gaps: readonly Gap[]): readonly TopicEntry[];
  /** The gaps hold something now. */
  filled(gaps: readonly Gap[]): void;
  /** Takes over what the frame says. */
  take(frame: Frame): void;
}

/**
 * `starts`: the offsets that the log still has to hold, by partition; what is below was removed rightly. `known`: the
 * topics that any frame tells of.
 */
export function repairState(starts: ReadonlyMap<string, number>, known: ReadonlyMap<number, TopicEntry>): RepairState {
  const topics = new Map<number, TopicEntry>();

  function missing(topicId: number, partition: number, to: number): readonly Gap[] {
    const reached = topics.get(topicId)?.logs[partition]?.end ?? 0;
    const from = Math.max(reached, starts.get(partitionKey(topicId, partition)) ?? 0);
    return from < to ? [{ topicId, partition, from, to }] : [];
  }

  function entryOf(id: number, nowMs: number): TopicEntry {
    const told = topics.get(id) ?? known.get(id);
    const state = told?.state ?? created(undefined, `recovered-${id}`, {}, { id, nowMs, ends: [] });
    const entry = topics.get(id) ?? { state, logs: [] };
    topics.set(id, entry);
    return entry;
  }

  return {
    topics,
    missingBefore(frame, claimed) {
      const shown =
        frame.kind === TOPICS
          ? parseTopics(jsonOf(frame)).flatMap(({ state, logs }) =>
              logs.flatMap(({ partition, end }) => missing(state.id, partition, end)),
            )
          : blocksOf(frame).flatMap(({ topicId, partition, base }) => missing(topicId, partition, base));
      const reached = new Set(shown.map((gap) => keyOf(gap)));
      const believed = claimed.filter((block) => {
        const end = topics.get(block.topicId)?.logs[block.partition]?.end;
        return end === block.base && !reached.has(keyOf(block));
      });
      return [
        ...shown,
        ...believed.map(({ topicId, partition, base, count }) => ({
          topicId,
          partition,
          from: base,
          to: base + count,
        })),
      ];
    },
    introduce(frame, gaps) {
      const changed = new Set<TopicEntry>();
      const blocks = frame.kind === RECORDS ? blocksOf(frame) : [];
      // Where there is a gap before a block, the partition stands at the gap.
      const places = new Map<string, Omit<Gap, "to">>(
        blocks.map((block) => [keyOf(block), { ...block, from: block.base }]),
      );
      for (const gap of gaps) places.set(keyOf(gap), gap);
      for (const { topicId, partition, from } of places.values()) {
        const before = topics.get(topicId)?.logs[partition]?.end;
        const entry = entryOf(topicId, frame.storedAtMs);
        while (entry.logs.length <= partition)
          entry.logs.push(partitionLog(topicId, entry.state.topic, entry.logs.length));
        while (entry.state.partitions.length <= partition)
          entry.state = withPartition(entry.state, [], undefined, { nowMs: frame.storedAtMs, ends: [] });
        if (before === from) continue;
        entry.logs[partition]!.end = from;
        changed.add(entry);
      }
      return [...changed];
    },
    filled(gaps) {
      for (const { topicId, partition, to } of gaps) topics.get(topicId)!.logs[partition]!.end = to;
    },
    take(frame) {
      if (frame.kind === TOPICS) for (const entry of parseTopics(jsonOf(frame))) topics.set(entry.state.id, entry);
      else
        for (const { topicId, partition, base, count } of blocksOf(frame))
          topics.get(topicId)!.logs[partition]!.end = base + count;
    },
  };
}

/** Placeholders for the records of gaps. */
export function placeholders(gaps: readonly Gap[], timestampMs: number): Block[] {
  return gaps.map(({ topicId, partition, from, to }) => ({
    log: partitionLog(topicId, "", partition),
    base: from,
    records: Array.from({ length: to - from }, (_, i) => lostRecord(from + i, timestampMs)),
  }));
}
