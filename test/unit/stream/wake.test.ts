import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { manualClock } from "../../../src/clock.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { createStreamArm } from "../../../src/stream/stream-arm.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";
import { red } from "../../support/stream-datasets.ts";
import { put, running, tableOf } from "../../support/stream-world.ts";

const { engine, folder } = await engineAndFolder();

it("takes the first records of a stream that was empty when the arm began as they come, not at its next look round", async () => {
  const log = createMemoryLog();
  const stream = "streaming-test-red";
  await log.createTopic(streamTopic(stream));
  const tables = createMemoryStore();
  const world = { log, tables, store: createMemoryStore(), engine, tempFolder: folder.path };
  // A clock that stands still: whoever only sleeps never wakes.
  await using arm = createStreamArm({
    ...world,
    openTable: (prefix) => tableOf(world, prefix),
    datasets: [red],
    config: { maxRecords: 1000, triggerMs: 0, historyHours: 24 },
    clock: manualClock(Date.now()),
  });
  await running(arm, async () => {
    while ((await tableOf(world, "stream/red").find()) === undefined) await delay(5);
    await delay(100);
    await put(log, stream, [{ id: 1, word: "first" }]);
    const committed = () => arm.status().datasets.some(({ commits }) => commits > 0);
    while (!committed()) await delay(5);
  });
  expect(await (await tableOf(world, "stream/red").snapshot()).countRows()).toBe(1);
});
