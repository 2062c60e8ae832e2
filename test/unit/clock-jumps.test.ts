import { describe, expect, it } from "vitest";
import { type ManualClock, manualClock, systemClock } from "../../src/clock.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { createSink } from "../../src/sink/sink.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createStreamArm } from "../../src/stream/stream-arm.ts";
import { engineAndFolder } from "../support/engine-and-folder.ts";
import { readAll, send } from "../support/event-log.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { datasets, put, stored, tableOf } from "../support/stream-world.ts";
import { bodies } from "../support/sunk-objects.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { engine, folder } = await engineAndFolder();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Just before midnight of a leap day, and before clocks are set forward and back in Europe. */
const MOMENTS = ["2028-02-29T23:59:59.900Z", "2026-03-29T00:59:59.900Z", "2026-10-25T00:59:59.900Z"].map(Date.parse);
const JUMPS: readonly [string, (nowMs: number) => number][] = [
  ["back by a year", (nowMs) => nowMs - 365 * DAY],
  ["back by an hour", (nowMs) => nowMs - HOUR],
  ["forward by a year", (nowMs) => nowMs + 365 * DAY],
  ["to the epoch", () => 0],
  ...MOMENTS.map((ms): [string, () => number] => [`to ${new Date(ms).toISOString()}`, () => ms]),
];

/** Lets so much time pass, in steps, and what it wakes run. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await clock.advance(ms / 10);
    await systemClock.sleep(2);
  }
}

describe("when the clock is set", () => {
  it.each(JUMPS)("%s, a file is still closed at its age, not before and not later", async (_, jump) => {
    const clock = manualClock(MOMENTS[1]);
    const log = createMemoryLog({ clock });
    const store = createMemoryStore();
    const limits = { maxRecords: 100, maxBytes: 1e6, maxAgeMs: 60_000 };
    const sink = createSink({ log, store, limits, clock, lingerMs: 10 });
    const stop = new AbortController();
    await log.createTopic("t");
    const running = sink.run(stop.signal);
    await send(log, "t", "1");
    await pass(clock, 30_000);
    clock.jumpTo(jump(clock.now()));
    await pass(clock, 25_000);
    expect((await bodies(store)).size).toBe(0);
    await pass(clock, 10_000);
    expect((await bodies(store)).size).toBe(1);
    stop.abort();
    await running;
  });

  it.each(JUMPS.slice(0, 4))("%s, the stream arm commits at its trigger", async (_, jump) => {
    const clock = manualClock(MOMENTS[2]);
    const log = createMemoryLog({ clock });
    const tables = createMemoryStore();
    await log.createTopic("__stream.streaming-test-red");
    await using arm = createStreamArm({
      log,
      store: createMemoryStore(),
      engine,
      openTable: (prefix) => tableOf({ tables, engine }, prefix),
      datasets,
      config: { maxRecords: 1000, triggerMs: 60_000, historyHours: 24 },
      tempFolder: folder.path,
      clock,
    });
    const stop = new AbortController();
    const running = arm.run(stop.signal);
    await put(log, "streaming-test-red", [{ id: 1, word: "a" }]);
    await pass(clock, 30_000);
    clock.jumpTo(jump(clock.now()));
    await pass(clock, 20_000);
    const world = { log, tables, engine, store: tables, tempFolder: folder.path };
    const rows = async () => (await stored(world, datasets[0]!)).rows.length;
    expect(await rows()).toBe(0);
    // It counts from when it saw the record, which takes it a moment that is not the clock's.
    for (let waits = 0; waits < 40 && (await rows()) === 0; waits++) await pass(clock, 5000);
    expect(await rows()).toBe(1);
    stop.abort();
    await running;
  });

  it("back and forth, retention spares what a stage has not taken, removes nothing before its time, and goes on", async () => {
    const random = seededRandom(printedSeed("clock jumps and retention"));
    for (const forward of [false, true]) {
      await using temp = await tempFolder();
      const clock = manualClock(MOMENTS[0]);
      await using log = await openEmbeddedLog({ folder: temp.path, segmentBytes: 600, retentionMs: DAY, clock });
      log.holdFor("stage", () => true);
      await log.createTopic("t");
      /** When each offset was stored, by a clock that nobody sets. */
      const storedAtMs: number[] = [];
      let taken = 0n;
      for (let round = 0; round < 30; round++) {
        const [first] = await send(log, "t", `${round}`.padEnd(150, "x"));
        storedAtMs[Number(first?.offset)] = clock.monotonic();
        if (random() < 0.5) await clock.advance(random() * 6 * HOUR);
        if (random() < 0.3) clock.jumpTo(clock.now() - random() * 40 * DAY);
        if (forward && random() < 0.2) clock.jumpTo(clock.now() + random() * 40 * DAY);
        const { end } = await log.bounds("t", 0);
        if (random() < 0.4) {
          taken += BigInt(Math.floor(random() * Number(end - taken)));
          await log.commit("stage", "t", 0, taken);
        }
        await log.removeExpired();
        const { start } = await log.bounds("t", 0);
        expect(start).toBeLessThanOrEqual(taken);
        expect(await readAll(log, "t")).toHaveLength(Number(end - start));
        if (!forward && start > 0n) expect(clock.monotonic() - storedAtMs[Number(start) - 1]!).toBeGreaterThan(DAY);
      }
      // The clock is right again, and stays so: what is old goes, whatever it was when it came.
      const { end } = await log.bounds("t", 0);
      await log.commit("stage", "t", 0, end);
      clock.jumpTo(MOMENTS[0]! + 4000 * DAY);
      await send(log, "t", "now");
      await clock.advance(2 * DAY);
      await log.removeExpired();
      expect((await log.bounds("t", 0)).start).toBeGreaterThanOrEqual(end);
    }
  });

  it("back, a topic or stream made again under its name is still the younger one", async () => {
    const clock = manualClock(MOMENTS[2]);
    const log = createMemoryLog({ clock });
    let before = await log.createTopic("t", { partitions: 2 });
    for (const [, jump] of JUMPS) {
      clock.jumpTo(jump(clock.now()));
      await log.deleteTopic("t");
      const after = await log.createTopic("t", { partitions: 2 });
      expect(after.createdAtMs).toBeGreaterThan(before.partitions.at(-1)!.createdAtMs);
      before = after;
    }
  });
});
