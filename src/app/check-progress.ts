import type { Batch } from "../batch/batch.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { listObjects, objectPartitions } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logTopicOf } from "./check-objects.ts";

/** What somebody has taken. Found before the log that it is held against is opened: one at work goes on meanwhile. */
export interface TakenFromLog {
  /** Who has taken it. */
  readonly what: string;
  /** As the log calls it. */
  readonly topic: string;
  readonly partition: number;
  readonly next: bigint;
}

/**
 * Whether the batch tables fit the log. The sink and the stream arm look after their own progress; these tables know of
 * records that have left the log and the objects long ago. Throws LOG_BEHIND when the log was deleted or replaced.
 */
export async function checkBatchProgress(batch: Batch, log: EventLog): Promise<void> {
  const taken = await batch.taken();
  await checkTaken(
    taken.map(({ dataset, ...of }) => ({ ...of, what: `The batch table of "${dataset}"` })),
    log,
  );
}

/** Whether tables, which may know of more than log and objects still hold, fit the log. Throws LOG_BEHIND. */
export async function checkTaken(taken: readonly TakenFromLog[], log: EventLog): Promise<void> {
  const partitions = await log.stagePartitions();
  const ends = new Map(partitions.map((one) => [`${one.topic}/${one.partition}`, one.end]));
  const topics = new Set(partitions.map((one) => one.topic));
  for (const { what, topic, partition, next } of taken) {
    // A log that knows other topics, and not this one, has seen it deleted.
    const deleted = topics.size > 0 && !topics.has(topic);
    const end = ends.get(`${topic}/${partition}`) ?? (deleted ? next : 0n);
    if (next > end) throw new PinlakeError("LOG_BEHIND", { what, topic, partition, offset: next, end });
  }
}

/** What objects hold for certain, as their names tell. */
export async function takenByObjects(store: ObjectStore, signal: AbortSignal): Promise<TakenFromLog[]> {
  const taken: TakenFromLog[] = [];
  for await (const of of objectPartitions(store, signal)) {
    const last = (await listObjects(store, of, 0n, signal)).at(-1);
    if (last === undefined) continue;
    const { partition } = of;
    taken.push({ what: "The sink", topic: logTopicOf(of), partition, next: last.name.startOffset + 1n });
  }
  return taken;
}

/** Whether the objects fit the log, which forgets no topic. Throws LOG_BEHIND. */
export async function checkObjectProgress(taken: readonly TakenFromLog[], log: EventLog): Promise<void> {
  const partitions = await log.stagePartitions();
  for (const { what, topic, partition, next: offset } of taken) {
    const end = partitions.find((one) => one.topic === topic && one.partition === partition)?.end ?? 0n;
    if (offset > end) throw new PinlakeError("LOG_BEHIND", { what, topic, partition, offset, end });
  }
}
