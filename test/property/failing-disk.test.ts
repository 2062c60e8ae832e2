import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { throwTaskFailure } from "../../src/app/task-failure.ts";
import type { App } from "../../src/app.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { Project } from "../../src/config/load-project.ts";
import { configSchema } from "../../src/define/config.ts";
import { isPinlakeError } from "../../src/errors.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { nameSystemError } from "../../src/storage-error.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { thingDataset } from "../support/batch-world.ts";
import { record, text } from "../support/event-log.ts";
import { failingCalls } from "../support/failing-calls.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { fillUp, smallDisk } from "../support/small-disk.ts";
import { differences } from "../support/sunk-objects.ts";
import { tempFolder } from "../support/temp-folder.ts";

// Before what it watches is loaded.
const disk = await failingCalls();
afterAll(() => disk[Symbol.dispose]());
const [{ openApp }, { verify }] = await Promise.all([import("../../src/app.ts"), import("../../src/app/verify.ts")]);

/** Of all calls, so many are made to fail, each in a life of its own; 0 is all of them. */
const TRIES = Number(process.env.FAILING_CALLS ?? 8);

const project: Project = {
  folder: "/",
  config: configSchema.parse({
    namespace: "test",
    gateway: { port: 0 },
    console: { port: 0 },
    log: { segmentBytes: 1500 },
    sink: { maxRecords: 5 },
    stream: { triggerMs: 5 },
  }),
  datasets: [
    { ...thingDataset(), inputs: { topics: ["test.thing"], streams: ["streaming-test-thing"], partitionKeys: [] } },
  ],
  answers: [],
  workflows: [],
  loadSource: undefined,
};

/** What a life sends. */
const ROWS = 20;

/** Pauses are short, so that what is tried again is tried soon. */
const impatient: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 20), signal),
};

const TOPICS = ["test.thing", "__stream.streaming-test-thing"] as const;

interface Sent {
  readonly acknowledged: Map<string, string>;
  made: number;
}

/** Appends to both arms; what fails is tried again by its sender until the disk is well. */
async function post(log: EventLog, sent: Sent, rows: number): Promise<void> {
  for (let i = 0; i < rows; i++) {
    const value = JSON.stringify({ ind: sent.made % 7, n: sent.made++ });
    for (const topic of TOPICS)
      for (let done = false; !done; ) {
        try {
          const [outcome] = await log.append(topic, [record(value, { key: Buffer.from("k") })]);
          if (outcome === undefined || "error" in outcome) throw outcome?.error ?? new Error("no outcome");
          sent.acknowledged.set(`${topic}/${outcome.partition}@${outcome.offset}`, value);
          done = true;
        } catch (error) {
          if (!isPinlakeError(error) || !/^STORAGE_/.test(error.code)) throw error;
        }
      }
  }
}

/** Runs work until it succeeds; what it fails with must be an error that says it may be tried again. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      expect(error, disk.failed()).toMatchObject({ retry: "backoff" });
      await systemClock.sleep(5);
    }
  }
}

async function live(app: App, sent: Sent): Promise<void> {
  await using serving = await app.serve({ logLevel: "silent" });
  const { log, stages, operations } = app;
  const work = async () => {
    for (const round of [1, 2]) {
      await post(log, sent, round === 1 ? 8 : 4);
      await insist(() => stages.sink.flush());
      await insist(() => stages.stream.caughtUp(AbortSignal.timeout(60_000)));
      await post(log, sent, 4);
      await insist(async () => throwTaskFailure(await operations.run({ name: "daily" })));
    }
  };
  await Promise.race([work(), serving.failed]);
}

/** A life during which calls fail, and what was sent in it. A start may fail with what was wrong; the next gets further. */
async function life(data: string, sent: Sent): Promise<void> {
  for (let starts = 0; ; starts++) {
    try {
      await using app = await openApp({ project, data, clock: impatient });
      return await live(app, sent);
    } catch (error) {
      // As the command line tells it.
      const told = nameSystemError(error instanceof SuppressedError ? error.suppressed : error);
      const begun = sent.acknowledged.size > 0 && sent.made < ROWS;
      const expected = isPinlakeError(told) && /^(STORAGE|FOLDER)_/.test(told.code) && !begun;
      if (!expected || starts > 20) throw new Error(`${disk.failed()}, start ${starts}`, { cause: told });
    }
  }
}

async function expectAllThere(data: string, { acknowledged }: Sent): Promise<void> {
  await using app = await openApp({ project, data, clock: impatient });
  await using objects = await openFilesystemStore({ root: join(data, "objects") });
  const { log, engine, stages, operations } = app;
  const stored = new Map<string, string | null>();
  for (const { topic, partition, start, end } of await log.stagePartitions()) {
    for (let at = start; at < end; ) {
      const { records, next } = await log.read(topic, partition, at);
      for (const one of records) stored.set(`${topic}/${partition}@${one.offset}`, text(one.value));
      at = next;
    }
  }
  expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(acknowledged));
  {
    await using _serving = await app.serve({ logLevel: "silent" });
    await stages.sink.flush();
    await stages.stream.caughtUp(AbortSignal.timeout(60_000));
  }
  throwTaskFailure(await operations.run({ name: "daily" }));
  const { lost, differing } = await verify({ project, log, engine, openTable: stages.openTable });
  expect([lost, differing, await differences(log, objects)]).toEqual([[], [], []]);
}

describe("a disk that fails", () => {
  it("at any write, sync, rename or link costs nothing that was acknowledged, and all goes on by itself", async () => {
    const random = seededRandom(printedSeed("failing disk"));
    await using temp = await tempFolder();
    const whole = join(temp.path, "whole");
    disk.watch(whole, () => undefined);
    await life(whole, { acknowledged: new Map(), made: 0 });
    const calls = disk.calls();
    expect(calls).toBeGreaterThan(200);
    const tries = TRIES === 0 ? calls : TRIES;
    const failed: (string | undefined)[] = [];
    for (let i = 0; i < tries; i++) {
      const at = 1 + Math.floor(((i + random()) * calls) / tries);
      const longer = random() < 0.3 ? 4 : 0;
      const data = join(temp.path, `${i}`);
      const sent = { acknowledged: new Map<string, string>(), made: 0 };
      disk.watch(data, (call) => (call >= at && call <= at + longer ? (i % 2 ? "EIO" : "ENOSPC") : undefined));
      await life(data, sent);
      failed.push(disk.failed());
      disk.watch(data, () => undefined);
      await expectAllThere(data, sent);
    }
    process.stderr.write(`failing disk: ${failed.filter(Boolean).length} of ${calls} calls made to fail\n`);
  }, 1_200_000);

  it("that is full now and then (a real one) costs nothing either", async () => {
    const random = seededRandom(printedSeed("a disk full now and then"));
    await using small = smallDisk(32 * 1024);
    if (small === undefined) return;
    const data = join(small.path, "data");
    const filler = join(small.path, "filler");
    const sent = { acknowledged: new Map<string, string>(), made: 0 };
    disk.watch("/nowhere", () => undefined);
    await using app = await openApp({ project, data, clock: impatient });
    let times = 0;
    let over = false;
    const filling = (async () => {
      while (!over) {
        // With room for ever longer: a run needs some for as long as it takes.
        await systemClock.sleep((20 + random() * 60) * (1 + times / 4));
        if (sent.acknowledged.size === 0) continue; // it has not started yet
        fillUp(filler);
        times++;
        await systemClock.sleep(20 + random() * 120);
        rmSync(filler);
      }
    })();
    try {
      await live(app, sent);
    } finally {
      over = true;
      await filling;
    }
    expect(times).toBeGreaterThan(0);
    await app[Symbol.asyncDispose]();
    await expectAllThere(data, sent);
  }, 120_000);
});
