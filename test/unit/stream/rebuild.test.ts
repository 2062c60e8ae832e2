import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamOf, streamTopic } from "../../../src/log/names.ts";
import { renderFor } from "../../../src/sink/object-lines.ts";
import { objectKey } from "../../../src/store/layout.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { crashAtCall } from "../../support/crash-at-call.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";
import { blue, red } from "../../support/stream-datasets.ts";
import { expectRecount } from "../../support/stream-expectations.ts";
import { catchUp, openArm, put, running, stored, tableOf, type World } from "../../support/stream-world.ts";

const { engine, folder } = await engineAndFolder();

const RED = "streaming-test-red";
const signal = new AbortController().signal;

async function newWorld(): Promise<World> {
  const log = createMemoryLog();
  for (const stream of [RED, "streaming-test-blue", "shared"])
    await log.createTopic(streamTopic(stream), { partitions: 2 });
  return { log, store: createMemoryStore(), tables: createMemoryStore(), engine, tempFolder: folder.path };
}

async function fill({ log }: World, word: string): Promise<void> {
  for (const partition of [0, 1]) {
    await put(log, RED, [{ id: 1, word }, null, "{broken", { id: 2, word, n: 1 }, { id: 3, n: "x" }], { partition });
    await put(
      log,
      "streaming-test-blue",
      [
        { name: "a", shade: word },
        { id: 7, word },
      ],
      { partition },
    );
    await put(log, "shared", [{ id: 4, word }], { partition, key: "x-red" });
    await put(log, "shared", [{ name: word }, null], { partition, key: 'the "x"-blue' });
  }
}

/** Lands everything that is in the log now, three lines an object. */
async function land({ log, store }: World): Promise<void> {
  const render = renderFor("stream");
  for (const { topic, partition, start, end } of await log.stagePartitions()) {
    for (let from = start; from < end; from += 3n) {
      const { records } = await log.read(topic, partition, from, { maxRecords: 3 });
      const name = {
        kind: "stream",
        name: streamOf(topic) as string,
        partition,
        startOffset: from,
        format: "json",
      } as const;
      const lines = records.map((record) => `${Buffer.from(render(record).bytes)}\n`);
      await store.put(objectKey(name), Buffer.from(lines.join("")));
    }
  }
}

describe("a rebuild", () => {
  it("makes every table again as it was, from objects and then the log", async () => {
    const w = await newWorld();
    await fill(w, "landed");
    await land(w);
    await fill(w, "in the log alone");
    await catchUp(w);
    const before = [await stored(w, red), await stored(w, blue)];
    await using arm = openArm(w);
    const reports = await arm.rebuild(undefined, signal);
    expect([await stored(w, red), await stored(w, blue)]).toEqual(before);
    await expectRecount(w);
    for (const { events, rows, superseded, quarantined, tombstones } of reports)
      expect(rows + superseded + quarantined + tombstones).toBe(events);
    await fill(w, "afterwards");
    await catchUp(w);
    await expectRecount(w);
  });

  it("may come between two runs of the same arm", async () => {
    const w = await newWorld();
    await using arm = openArm(w);
    for (const word of ["first", "second", "third"]) {
      await fill(w, word);
      await running(arm, (running) => arm.caughtUp(running));
      await land(w);
      await arm.rebuild(undefined, signal);
    }
    await fill(w, "last");
    await running(arm, (running) => arm.caughtUp(running));
    await expectRecount(w);
  });

  it("is swapped in while the arm goes on, once for each", async () => {
    const w = await newWorld();
    await fill(w, "landed");
    await land(w);
    await using arm = openArm(w, { maxRecords: 20, triggerMs: 1 });
    await running(arm, async (running) => {
      await arm.caughtUp(running);
      let rebuilt = false;
      const load = (async () => {
        for (let i = 0; !rebuilt; i++) await fill(w, `word ${i}`).then(() => sleep(50));
      })();
      for (const name of ["red", undefined]) {
        await arm.rebuild(name, running);
        await fill(w, `behind ${name}`);
        await arm.caughtUp(running);
      }
      rebuilt = true;
      await load;
      await arm.caughtUp(running);
    });
    await expectRecount(w);
    const operations = (await Array.fromAsync(tableOf(w, "stream/red").history())).map(({ operation }) => operation);
    expect(operations.filter((operation) => operation === "WRITE")).toHaveLength(2);
    expect(operations.slice(operations.indexOf("WRITE"), operations.lastIndexOf("WRITE"))).toContain("MERGE");
    expect(operations.indexOf("WRITE")).toBeGreaterThan(0);
  });

  it("needs no log where everything has been landed", async () => {
    const w = await newWorld();
    await fill(w, "landed");
    await land(w);
    await catchUp(w);
    const before = await stored(w, red);
    const lost: World = { ...w, log: createMemoryLog(), tables: createMemoryStore() };
    await using arm = openArm(lost);
    await arm.rebuild("red", signal);
    expect(await stored(lost, red)).toEqual(before);
  });

  it("takes what an object lost from the log, and refuses when that has let go of it", async () => {
    const w = await newWorld();
    for (const word of ["one", "two"]) await fill(w, word);
    await catchUp(w);
    await land(w);
    const before = await stored(w, red);
    for (const offset of ["0000000000", "0000000006"])
      await w.store.delete(`streams/${RED}/shard=0/${RED}+0+${offset}.json`);
    await using arm = openArm(w);
    await arm.rebuild("red", signal);
    expect(await stored(w, red)).toEqual(before);
    await using later = openArm({ ...w, log: createMemoryLog() });
    await expect(later.rebuild("red", signal)).rejects.toMatchObject({ code: "OBJECT_NOT_FOUND" });
    expect(await stored(w, red)).toEqual(before);
  });

  it("refuses an object that is cut or doubled", async () => {
    const w = await newWorld();
    for (const word of ["one", "two"]) await fill(w, word);
    await catchUp(w);
    await land(w);
    const before = await stored(w, red);
    const key = `streams/${RED}/shard=0/${RED}+0+0000000003.json`;
    const bytes = Buffer.from(await w.store.get(key));
    await using arm = openArm(w);
    for (const damage of [bytes.subarray(0, -1), bytes.subarray(0, 20), Buffer.concat([bytes, bytes])]) {
      await w.store.put(key, damage);
      await expect(arm.rebuild("red", signal)).rejects.toMatchObject({ code: "OBJECTS_DAMAGED" });
    }
    await w.store.put(key, bytes);
    await arm.rebuild("red", signal);
    expect(await stored(w, red)).toEqual(before);
  });

  it("mends a changed definition", async () => {
    const w = await newWorld();
    await fill(w, "a");
    await catchUp(w);
    const more = {
      ...red,
      hash: "other",
      columns: [...red.columns, { name: "length", type: "INT", description: "" } as const],
    };
    const changed = [{ ...more, select: red.select.replace(" FROM", ", length(word) AS length FROM") }, blue];
    await using arm = openArm(w, { datasets: changed });
    await expect(arm.check()).rejects.toMatchObject({ code: "DEFINITION_CHANGED" });
    await arm.rebuild("red", signal);
    await arm.check();
    expect((await stored(w, red)).rows.every((row) => JSON.parse(row).length === 1)).toBe(true);
  });

  it("does not make less of a table than it was", async () => {
    const w = await newWorld();
    await fill(w, "a");
    await catchUp(w);
    await using arm = openArm({ ...w, log: createMemoryLog() });
    await expect(arm.rebuild("red", signal)).rejects.toMatchObject({ code: "LOG_BEHIND" });
  });

  it("killed at any moment leaves the old table, the new one, or a refusal that another rebuild ends", async () => {
    const w = await newWorld();
    await fill(w, "a");
    await land(w);
    await fill(w, "b");
    await catchUp(w);
    const before = await stored(w, red);
    const mortal = { tables: w.tables, log: w.log, store: w.store };
    const whole = crashAtCall(mortal);
    await openArm({ ...w, ...whole.target }).rebuild("red", signal);
    let refused = 0;
    // Every call near the two commits, which come last, and some of the others.
    for (let call = 1; call <= whole.calls(); call += call < whole.calls() - 16 ? 7 : 1) {
      const crash = crashAtCall(mortal, { call, moment: call % 2 ? "after" : "before" });
      const dying = openArm({ ...w, ...crash.target });
      await Promise.race([dying.rebuild("red", signal), crash.crashed]);
      await using next = openArm(w);
      const outcome = await next.check().catch((error: { code: string }) => error.code);
      if (outcome !== undefined) {
        expect(outcome).toBe("REBUILD_UNFINISHED");
        refused++;
        await next.rebuild("red", signal);
      }
      await next.check();
      if (outcome !== undefined) expect(await stored(w, red)).toEqual(before);
    }
    expect(refused).toBeGreaterThan(0);
    expect(await stored(w, red)).toEqual(before);
  });

  it("names the datasets there are when asked for another", async () => {
    await using arm = openArm(await newWorld());
    await expect(arm.rebuild("green", signal)).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
  });
});
