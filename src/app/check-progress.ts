import type { Batch } from "../batch/batch.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";

/**
 * Whether the batch tables fit the log. The sink and the stream arm look after their own progress; these tables know of
 * records that have left the log and the objects long ago. Throws LOG_BEHIND when the log was deleted or replaced.
 */
export async function checkBatchProgress(batch: Batch, log: EventLog): Promise<void> {
  const ends = new Map((await log.stagePartitions()).map((one) => [`${one.topic}/${one.partition}`, one.end]));
  for (const { dataset, topic, partition, next } of await batch.taken()) {
    // A log that knows other topics has seen this one deleted.
    const end = ends.get(`${topic}/${partition}`) ?? (ends.size === 0 ? 0n : next);
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
