import { isPinlakeError } from "../../src/errors.ts";
import type { EventLog } from "../../src/log/event-log.ts";

/** Where a value was acknowledged to be. */
export interface Acknowledged {
  readonly value: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface LogLoad {
  readonly log: EventLog;
  readonly random: () => number;
  /** Makes values of this run different from any other's. */
  readonly run: string;
  readonly callers: number;
  /** Operations of each caller; infinite when undefined. */
  readonly operations?: number;
  /** Sees what was acknowledged at once. */
  readonly acknowledged: (records: readonly Acknowledged[]) => void;
  readonly failed?: (error: Error) => void;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const TOPICS = ["load.a", "load.b", "__stream.load"];

/** Concurrent callers that append one or many records, and now and then delete a topic and make it again. */
export async function runLogLoad({ log, random, run, callers, operations, ...seen }: LogLoad): Promise<void> {
  let made = 0;
  const fail = (error: unknown) => {
    if (!isPinlakeError(error)) throw error;
    if (!["TOPIC_NOT_FOUND", "TOPIC_EXISTS", "PARTITION_NOT_FOUND"].includes(error.code)) seen.failed?.(error);
  };
  const create = (topic: string) => log.createTopic(topic, { partitions: 1 + Math.floor(random() * 3) }).catch(fail);
  await Promise.all(TOPICS.map(create));

  async function append(topic: string): Promise<void> {
    const count = random() < 0.5 ? 1 : 1 + Math.floor(random() * 20);
    const values = Array.from({ length: count }, () => `${run}:${made++}:${"x".repeat(Math.floor(random() * 300))}`);
    const outcomes = await log.append(
      topic,
      values.map((value) => ({
        key: random() < 0.5 ? bytes(value) : null,
        value: bytes(value),
        headers: random() < 0.1 ? [{ name: "h", value: bytes("v") }] : [],
        timestampMs: made,
      })),
    );
    const records: Acknowledged[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      if ("error" in outcome) fail(outcome.error);
      else records.push({ value: values[i]!, topic, partition: outcome.partition, offset: outcome.offset });
    }
    seen.acknowledged(records);
  }

  async function caller(): Promise<void> {
    for (let i = 0; operations === undefined || i < operations; i++) {
      const topic = TOPICS[Math.floor(random() * TOPICS.length)]!;
      try {
        if (random() < 0.03) {
          await log.deleteTopic(topic);
          await create(topic);
        } else await append(topic);
      } catch (error) {
        fail(error);
        await create(topic);
      }
    }
  }
  await Promise.all(Array.from({ length: callers }, caller));
}
