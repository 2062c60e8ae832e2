import { pino } from "pino";
import { expect, it } from "vitest";
import { watchStages } from "../../../src/app/watch-stages.ts";
import { manualClock } from "../../../src/clock.ts";
import { PinlakeError } from "../../../src/errors.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { createSink } from "../../../src/sink/sink.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { send } from "../../support/event-log.ts";

it("tells once which partition cannot be landed and why, and when it can be again", async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const clock = manualClock();
  await using log = createMemoryLog();
  const memory = createMemoryStore();
  let broken = true;
  const store: ObjectStore = {
    ...memory,
    putIfAbsent: (key, ...rest) => {
      if (broken && key.includes("/b/")) throw new PinlakeError("OBJECT_KEY_INVALID", { key, reason: "it is refused" });
      return memory.putIfAbsent(key, ...rest);
    },
  };
  const sink = createSink({ log, store, limits: { maxRecords: 10, maxBytes: 1e6, maxAgeMs: 1e6 } });
  const stop = new AbortController();
  const stream = { status: () => ({ datasets: [], unrouted: {} }) };
  const watching = watchStages({ sink, stream, logger, clock, signal: stop.signal });
  for (const topic of ["a", "b"]) {
    await log.createTopic(topic);
    await send(log, topic, "1");
  }

  await expect(sink.flush()).rejects.toThrow("/b/");
  await clock.advance(10_000);
  expect(lines.splice(0)).toEqual([
    {
      level: 50,
      stage: "sink",
      topic: "b",
      partition: 0,
      code: "OBJECT_KEY_INVALID",
      msg: expect.stringMatching(/^sink of topic "b", partition 0 does not go on: .*it is refused/),
    },
  ]);
  broken = false;
  await sink.flush();
  await clock.advance(10_000);
  expect(lines).toMatchObject([{ level: 30, topic: "b", msg: 'sink of topic "b", partition 0 goes on again' }]);
  stop.abort();
  await watching;
});
