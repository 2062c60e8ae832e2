import type { Batch } from "../batch/batch.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";

/**
 * Whether the batch tables fit the log. The sink and the stream arm look after their own progress; these tables know of
 * records that have left the log and the objects long ago. Throws LOG_BEHIND when the log was deleted or replaced.
 */
export async function checkBatchProgress(batch: Batch, log: EventLog): Promise<void> {
  const partitions = await log.stagePartitions();
  const ends = new Map(partitions.map((one) => [`${one.topic}/${one.partition}`, one.end]));
  const topics = new Set(partitions.map((one) => one.topic));
  for (const { dataset, topic, partition, next } of await batch.taken()) {
    // A log that knows other topics, and not this one, has seen it deleted.
    const deleted = topics.size > 0 && !topics.has(topic);
    const end = ends.get(`${topic}/${partition}`) ?? (deleted ? next : 0n);
    if (next > end)
      throw new PinlakeError("LOG_BEHIND", {
        what: `The batch table of "${dataset}"`,
        topic,
        partition,
        offset: next,
        end,
      });
  }
}
