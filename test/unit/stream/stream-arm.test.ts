import { describe, expect, it } from "vitest";
import { PinlakeError } from "../../../src/errors.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";
import { blue, red } from "../../support/stream-datasets.ts";
import { expectOneRowPerKey, expectRecount } from "../../support/stream-expectations.ts";
import { catchUp, openArm, put, running, stored, tableOf, type World } from "../../support/stream-world.ts";

const { engine, folder } = await engineAndFolder();

const world = (): World => ({
  log: createMemoryLog(),
  store: createMemoryStore(),
  tables: createMemoryStore(),
  engine,
  tempFolder: folder.path,
});

const RED = "streaming-test-red";
const BLUE = "streaming-test-blue";

async function newWorld(shards = 1): Promise<World> {
  const made = world();
  for (const stream of [RED, BLUE]) await made.log.createTopic(streamTopic(stream), { partitions: shards });
  return made;
}

describe("the stream arm", () => {
  it("keeps the newest of each key, counts what it replaced, and quarantines what it cannot use", async () => {
    const w = await newWorld();
    await put(w.log, RED, [
      { id: 1, word: "old" },
      { id: 1, word: "new", n: 3 },
      null,
      "null",
      "{broken",
      { word: "keyless" },
    ]);
    await put(w.log, RED, [
      { id: 2, word: "x", n: "many" },
      { shade: "dark", name: "strayed" },
      [1],
      { id: 3, word: "y" },
    ]);
    await put(w.log, BLUE, [{ name: "sky", shade: "light" }]);
    await catchUp(w);
    expect(await stored(w, red)).toMatchObject({ superseded: 1, tombstones: 2 });
    expect((await stored(w, red)).quarantined).toHaveLength(5);
    await expectRecount(w);
  });

  it("goes on where it was when it starts again, whatever the micro-batches' size", async () => {
    const w = await newWorld();
    for (const maxRecords of [3, 1000, 1]) {
      await put(
        w.log,
        RED,
        Array.from({ length: 10 }, (_, i) => ({ id: i % 7, word: `${maxRecords}` })),
      );
      await catchUp(w, { maxRecords });
    }
    await expectRecount(w);
    await expectOneRowPerKey(w, red);
  });

  it("commits nothing while nothing comes", async () => {
    const w = await newWorld();
    await put(w.log, RED, [{ id: 1, word: "a" }]);
    await catchUp(w);
    const { version } = await tableOf(w, "stream/red").snapshot();
    await using arm = openArm(w, { triggerMs: 1 });
    await running(arm, () => new Promise((resolve) => setTimeout(resolve, 60)));
    expect((await tableOf(w, "stream/red").snapshot()).version).toBe(version);
  });

  it("takes all shards, and finds streams that are made while it runs", async () => {
    const w = await newWorld(3);
    await using arm = openArm(w);
    await running(arm, async (signal) => {
      for (const partition of [0, 1, 2])
        await put(
          w.log,
          RED,
          [
            { id: 1, word: `shard ${partition}` },
            { id: partition, word: "x" },
          ],
          { partition },
        );
      await arm.caughtUp(signal);
      await w.log.createTopic(streamTopic("streaming-late-red"));
      await put(w.log, "streaming-late-red", [{ id: 9, word: "late" }]);
      await arm.caughtUp(signal);
    });
    expect((await stored(w, red)).rows).toHaveLength(4);
    await expectRecount(w);
  });

  it("goes on through a stream that is deleted and made again", async () => {
    const w = await newWorld();
    await put(w.log, RED, [
      { id: 1, word: "before" },
      { id: 2, word: "before" },
    ]);
    await w.log.deleteTopic(streamTopic(RED));
    await w.log.createTopic(streamTopic(RED));
    await put(w.log, RED, [{ id: 1, word: "after" }]);
    await catchUp(w);
    const { rows } = await stored(w, red);
    expect(rows.map((row) => JSON.parse(row).word).sort()).toEqual(["after", "before"]);
    await put(w.log, RED, [{ id: 2, word: "later" }]);
    await catchUp(w);
    expect((await stored(w, red)).superseded).toBe(2);
  });

  it("splits shared streams by partition key and counts what is nobody's", async () => {
    const w = await newWorld();
    await w.log.createTopic(streamTopic("shared"));
    await put(w.log, "shared", [{ id: 1, word: "r" }], { key: "x-red" });
    await put(w.log, "shared", [{ name: "b", shade: "s" }, null], { key: "x-blue" });
    await put(w.log, "shared", [{ a: 1 }, { a: 2 }], { key: "nobody" });
    await put(w.log, RED, [{ id: 5, word: "own" }], { key: "x-blue" });
    await using arm = openArm(w);
    await running(arm, (signal) => arm.caughtUp(signal));
    expect(arm.status().unrouted).toEqual({ shared: 2 });
    await expectRecount(w);
  });

  it("remembers now and then that others' records of a shared stream went by, so that the log may let go of them", async () => {
    const w = await newWorld();
    await w.log.createTopic(streamTopic("shared"));
    await put(
      w.log,
      "shared",
      Array.from({ length: 25 }, () => ({ a: 1 })),
      { key: "nobody" },
    );
    await catchUp(w, { maxRecords: 10 });
    expect(await w.log.committed("pinlake.stream", streamTopic("shared"), 0)).toBeGreaterThanOrEqual(20n);
  });

  it("takes its own table as it is when somebody else commits to it", async () => {
    const w = await newWorld();
    await using arm = openArm(w);
    await running(arm, async (signal) => {
      await put(w.log, RED, [
        { id: 1, word: "a" },
        { id: 2, word: "a" },
      ]);
      await arm.caughtUp(signal);
      await using session = await engine.session();
      await tableOf(w, "stream/red").overwrite({
        session,
        sql: "SELECT 1 AS id, 'theirs' AS word, 0 AS n, 'z' AS _topic, 0 AS _partition, 0 AS _offset",
      });
      await put(w.log, RED, [
        { id: 1, word: "b" },
        { id: 3, word: "b" },
      ]);
      await arm.caughtUp(signal);
    });
    const { rows } = await stored(w, red);
    expect(rows.map((row) => [JSON.parse(row).id, JSON.parse(row).word])).toEqual([
      [1, "b"],
      [3, "b"],
    ]);
  });

  it("counts what nobody reads", async () => {
    const w = await newWorld();
    await w.log.createTopic(streamTopic("elsewhere"));
    await put(w.log, "elsewhere", [{ a: 1 }, { a: 2 }]);
    const keyless = [red, blue].map((one) => ({ ...one, inputs: { ...one.inputs, partitionKeys: [] } }));
    await using arm = openArm(w, { datasets: keyless });
    await running(arm, (signal) => arm.caughtUp(signal));
    expect(arm.status().unrouted).toEqual({ elsewhere: 2 });
  });

  it("keeps its tables tidy, however small the micro-batches", async () => {
    const w = await newWorld();
    await put(w.log, RED, Array.from({ length: 70 }, (_, id) => [{ id: id % 60, word: "a" }, "{broken"]).flat());
    await catchUp(w, { maxRecords: 2 });
    for (const prefix of ["stream/red", "stream/quarantine"])
      expect((await tableOf(w, prefix).snapshot()).files.length, prefix).toBeLessThan(45);
    await expectRecount(w);
  });

  it("says what hinders it while the disk is full, and goes on when there is room", async () => {
    const w = await newWorld();
    let full = true;
    const tables: ObjectStore = {
      ...w.tables,
      adoptFile: async (key, path) => {
        if (full) throw new PinlakeError("STORAGE_FULL", { path: key });
        return w.tables.adoptFile(key, path);
      },
    };
    await using arm = openArm({ ...w, tables });
    await running(arm, async (signal) => {
      await put(w.log, RED, [{ id: 1, word: "a" }, "{broken"]);
      while (arm.status().datasets[0]?.failure === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(arm.status().datasets[0]).toMatchObject({
        failure: expect.stringMatching(/No space/),
        behind: 2,
        rows: 0,
      });
      full = false;
      await arm.caughtUp(signal);
      expect(arm.status().datasets[0]).toMatchObject({ behind: 0, rows: 1 });
      expect(arm.status().datasets[0]).not.toHaveProperty("failure");
    });
    await expectRecount(w);
  });

  it("gives a table the history that is configured now, and keeps its totals", async () => {
    const w = await newWorld();
    await put(w.log, RED, [{ id: 1, word: "a" }, { id: 1, word: "b" }, null]);
    await catchUp(w);
    const before = await stored(w, red);
    for (let again = 0; again < 2; again++) await catchUp(w, { historyHours: 0.5 });
    const { configuration, version } = await tableOf(w, "stream/red").snapshot();
    expect(configuration).toMatchObject({
      "delta.logRetentionDuration": "interval 1800 seconds",
      "delta.deletedFileRetentionDuration": "interval 1800 seconds",
    });
    expect(version).toBe(2);
    expect(await stored(w, red)).toEqual(before);
  });

  it("ends as a whole when one table fails: the others are at rest before anybody hears of it", async () => {
    const w = await newWorld();
    await put(w.log, RED, [{ id: 1, word: "a" }]);
    await put(w.log, BLUE, [{ name: "a", shade: "x" }]);
    const writing = Promise.withResolvers<void>();
    let atWork = false;
    const tables: ObjectStore = {
      ...w.tables,
      async putIfAbsent(key, body) {
        if (!key.startsWith("stream/blue/_delta_log/00000000000000000001")) return w.tables.putIfAbsent(key, body);
        atWork = true;
        writing.resolve();
        await new Promise((resolve) => setTimeout(resolve, 100));
        atWork = false;
        return w.tables.putIfAbsent(key, body);
      },
      async get(key, options) {
        if (key.startsWith("stream/red/_delta_log/00000000000000000001")) {
          await writing.promise;
          throw new Error("broken");
        }
        return w.tables.get(key, options);
      },
    };
    await using arm = openArm({ ...w, tables });
    await expect(arm.run(new AbortController().signal)).rejects.toThrow("broken");
    expect(atWork).toBe(false);
  });

  it("refuses a changed definition, and a log that ends before its table", async () => {
    const w = await newWorld();
    await put(w.log, RED, [{ id: 1, word: "a" }]);
    await catchUp(w);
    await using changed = openArm(w, { datasets: [{ ...red, hash: "other" }, blue] });
    await expect(changed.check()).rejects.toMatchObject({ code: "DEFINITION_CHANGED" });
    for (const again of [world(), await newWorld()]) {
      await using lost = openArm({ ...w, log: again.log });
      await expect(lost.check()).rejects.toMatchObject({ code: "LOG_BEHIND", details: { offset: 1n, end: 0n } });
    }
  });
});
