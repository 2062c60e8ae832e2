import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../src/log/memory.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type CrashPoint, crashAtCall } from "../support/crash-at-call.ts";
import { engineAndFolder } from "../support/engine-and-folder.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { blue, red } from "../support/stream-datasets.ts";
import { expectOneRowPerKey, expectRecount } from "../support/stream-expectations.ts";
import { appendSome, makeStreams } from "../support/stream-load.ts";
import { catchUp, openArm, running, type World } from "../support/stream-world.ts";

const { engine, folder } = await engineAndFolder();

async function newWorld(): Promise<World> {
  const log = createMemoryLog();
  await makeStreams(log);
  log.holdFor("recount", () => true); // what deleted streams left stays, to be recounted
  return { log, store: createMemoryStore(), tables: createMemoryStore(), engine, tempFolder: folder.path };
}

/** Lives until everything is taken or the given call comes; says which. */
async function live(world: World, point: CrashPoint, maxRecords: number): Promise<"caught up" | "dead"> {
  const life = crashAtCall({ log: world.log, tables: world.tables, store: world.store }, point);
  await using arm = openArm({ ...world, ...life.target }, { maxRecords, triggerMs: 1 });
  const caughtUp = running(arm, (signal) => arm.caughtUp(signal)).then(() => "caught up" as const);
  return Promise.race([caughtUp, life.crashed.then(() => "dead" as const)]);
}

describe("stream tables equal a recount of the log, event for event,", () => {
  it("whatever call to the log, the tables or the objects was the last of a life", async () => {
    const random = seededRandom(printedSeed("stream, a crash at each call"));
    const world = await newWorld();
    for (let [call, finished] = [1, 0]; finished < 2; call++) {
      await appendSome(world.log, random);
      const moment = random() < 0.5 ? "before" : "after";
      if ((await live(world, { call, moment }, 25)) === "caught up") finished++;
      if (call % 10 > 0) continue;
      await catchUp(world, { maxRecords: 7 + Math.floor(random() * 40) });
      await expectRecount(world);
    }
    await expectRecount(world);
  });

  it("across many lives with records arriving all the time, and every version has one row per key", async () => {
    const random = seededRandom(printedSeed("stream, many lives"));
    const world = await newWorld();
    for (let lives = 0; lives < times(8); lives++) {
      for (let i = Math.floor(random() * 8); i >= 0; i--) await appendSome(world.log, random);
      const call = 1 + Math.floor(random() * 250);
      const moment = random() < 0.5 ? "before" : "after";
      await live(world, { call, moment }, 1 + Math.floor(random() * 40));
    }
    for (let i = 0; i < 4; i++) await appendSome(world.log, random);
    await catchUp(world, { maxRecords: 4 });
    await expectRecount(world);
    expect(await expectOneRowPerKey(world, red)).toBeGreaterThan(5);
    await expectOneRowPerKey(world, blue);
  });
});
