import { join } from "node:path";
import { expect, it } from "vitest";
import { openApp } from "../../../src/app.ts";
import { manualClock } from "../../../src/clock.ts";
import { loadProject } from "../../../src/config/load-project.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { numbers, send } from "../../support/event-log.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A busy machine takes its time. */
const PATIENCE = { timeout: 30_000 };

it("the whole pipeline keeps its log for seven days, and longer what a stage has not taken; its status says so", async () => {
  await using temp = await tempFolder();
  const clock = manualClock(1_700_000_000_000);
  const project = await loadProject(join(import.meta.dirname, "../../../pinterest"), {
    PINLAKE_LOG_SEGMENT_BYTES: "2000",
  });
  await using app = await openApp({ project, data: temp.path, clock });
  const { log, operations, stages } = app;
  const shard = streamTopic("streaming-x-pin");
  for (const topic of ["x.pin", shard]) {
    await log.createTopic(topic);
    for (const i of numbers(0, 50)) await send(log, topic, `{"index":${i}}`);
  }
  await stages.sink.flush();
  await clock.advance(6 * 24 * 3600 * 1000);
  expect((await log.bounds("x.pin", 0)).start).toBe(0n);
  await clock.advance(2 * 24 * 3600 * 1000);
  const start = async () => {
    await clock.advance(60_000); // a turn is due each minute
    return (await log.bounds("x.pin", 0)).start;
  };
  await expect.poll(start, PATIENCE).toBe(50n);
  // Landed, but in no stream table yet.
  expect(await log.bounds(shard, 0)).toEqual({ start: 0n, end: 50n });
  await expect
    .poll(async () => (await operations.status()).retention, PATIENCE)
    .toMatchObject({
      removedBytes: expect.any(Number),
      held: [{ topic: shard, partition: 0, group: "pinlake.stream", from: 0, records: 50 }],
    });
});
