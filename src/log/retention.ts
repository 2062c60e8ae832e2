import type { RetentionLimits, TopicEntry } from "./record-storage.ts";

/** A topic's own limits (`retention.ms`, `retention.bytes`) before the log's. */
export function limitsOf(entry: TopicEntry, limits: RetentionLimits): RetentionLimits {
  return {
    retentionMs: setting(entry, "retention.ms") ?? limits.retentionMs,
    retentionBytes: setting(entry, "retention.bytes") ?? -1,
  };
}

function setting({ state }: TopicEntry, name: string): number | undefined {
  const text = state.config[name];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * Where a partition may start now. What a deleted topic or an earlier incarnation left goes as a whole, when every
 * holding group has taken it; the rest goes by age and size, never past what a group holds.
 */
export function newStart(entry: TopicEntry, partition: number, expired: number, heldFrom: number): number {
  const log = entry.logs[partition]!;
  const left = leftUpTo(entry, partition);
  let start = Math.min(expired, heldFrom);
  if (left > log.start && heldFrom >= left) start = Math.max(start, left);
  return Math.min(Math.max(start, log.start), log.end);
}

/** Below this offset are records of incarnations that are gone. */
export function leftUpTo({ state, logs }: TopicEntry, partition: number): number {
  const live = !state.deleted && partition < state.partitions.length;
  return live ? state.firstOffsets[partition]! : logs[partition]!.end;
}
