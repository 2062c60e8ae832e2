import type { Batch } from "../batch/batch.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { listObjects, objectPartitions } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { logTopicOf } from "./check-objects.ts";

interface TakenFromLog {
  /** Which table has taken it. */
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

/** Whether the objects fit the log, as far as their names tell. Throws LOG_BEHIND. */
export async function checkObjectProgress(store: ObjectStore, log: EventLog): Promise<void> {
  const partitions = await log.stagePartitions();
  for await (const of of objectPartitions(store)) {
    const topic = logTopicOf(of);
    const end = partitions.find((one) => one.topic === topic && one.partition === of.partition)?.end ?? 0n;
    const offset = (await listObjects(store, of, end))[0]?.name.startOffset;
    const { partition } = of;
    if (offset !== undefined) throw new PinlakeError("LOG_BEHIND", { what: "The sink", topic, partition, offset, end });
  }
}
