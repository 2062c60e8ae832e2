import type { Snapshot, Txn } from "../table/table.ts";

/** The two ways from raw records to clean tables: batch takes topics (from objects), stream takes streams (from the log). */
export type Arm = "batch" | "stream";

/** Every record of this partition below `next` has been decided: stored, superseded, quarantined or a tombstone. */
export interface Taken {
  /** The topic's or stream's own name. */
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
}

/** How a clean table remembers how far it has taken a partition. */
export const progressAppId = (arm: Arm, topic: string, partition: number): string => `${arm}/${topic}/${partition}`;

/** The same in the arm's quarantine, where several datasets may share a partition. */
export const quarantineAppId = (arm: Arm, dataset: string, topic: string, partition: number): string =>
  `${arm}/${dataset}/${topic}/${partition}`;

/** The first offset that the clean table has not taken; 0 when it has taken none. */
export function nextOffset(snapshot: Snapshot | undefined, arm: Arm, topic: string, partition: number): bigint {
  return snapshot?.txns.get(progressAppId(arm, topic, partition)) ?? 0n;
}

/** What a clean table has taken, by topic (byte order) and partition. */
export function takenBy(snapshot: Snapshot | undefined, arm: Arm): Taken[] {
  const taken: Taken[] = [];
  for (const [appId, next] of snapshot?.txns ?? []) {
    const [of, topic, partition, ...rest] = appId.split("/");
    if (of === arm && topic !== undefined && partition !== undefined && rest.length === 0)
      taken.push({ topic, partition: Number(partition), next });
  }
  return taken.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

/** The txns that move a table on; what it has at this version or above already is left out. */
export function txnsBeyond(snapshot: Snapshot | undefined, txns: readonly Txn[]): Txn[] {
  return txns.filter(({ appId, version }) => version > (snapshot?.txns.get(appId) ?? 0n));
}
