import { expect, it } from "vitest";
import type { EventLog } from "../../../src/log/event-log.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { createSink, SINK_GROUP } from "../../../src/sink/sink.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { send } from "../../support/event-log.ts";

it("a sink does not look at all partitions for each of them that is done", async () => {
  const memory = createMemoryLog();
  const topics = Array.from({ length: 300 }, (_, i) => `t${i}`);
  for (const topic of topics) {
    await memory.createTopic(topic);
    await send(memory, topic, "1");
  }
  let looks = 0;
  const log: EventLog = {
    ...memory,
    stagePartitions: () => {
      looks++;
      return memory.stagePartitions();
    },
  };
  const limits = { maxRecords: 1, maxBytes: 1e6, maxAgeMs: 1e6 };
  const sink = createSink({ log, store: createMemoryStore(), limits });
  const stop = new AbortController();
  const run = sink.run(stop.signal);
  const landed = async () =>
    (await Promise.all(topics.map((topic) => log.committed(SINK_GROUP, topic, 0)))).every((next) => next === 1n);
  await expect.poll(landed).toBe(true);
  stop.abort();
  await run;
  expect(looks).toBeLessThan(30);
});
