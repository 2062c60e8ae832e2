import { describe, expect, it } from "vitest";
import { manualClock, systemClock } from "../../../src/clock.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { type CommitActions, parseCommit } from "../../../src/table/delta/log/actions.ts";
import { deltaTable, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { EVENTS, events } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

const ON = { "delta.enableInCommitTimestamps": "true" };
const OFF = { "delta.enableInCommitTimestamps": "false" };
const VERSION = "delta.inCommitTimestampEnablementVersion";
const TIME = "delta.inCommitTimestampEnablementTimestamp";
/** No file is of that time. */
const FAR = Date.UTC(2500, 0);

describe("a table whose commits say when they were made", () => {
  const row = () => events(session, [{ id: "a", seq: 1 }]);
  const commitOf = async (store: ObjectStore, version: number): Promise<CommitActions> =>
    parseCommit(await store.get(logKey(version)), { table: "t", file: String(version) });
  const timeOf = async (store: ObjectStore, version: number) =>
    (await commitOf(store, version)).commitInfo?.inCommitTimestamp;

  it("has times that rise, however its writers' clocks go, and versions are found by them", async () => {
    const store = createMemoryStore();
    const clock = manualClock(FAR);
    const table = deltaTable(store, engine, { clock });
    expect(await table.create({ schema: EVENTS, configuration: ON })).toMatchObject({ timestampMs: FAR });
    clock.jumpTo(FAR - 1_000_000);
    await table.append(row());
    clock.jumpTo(FAR + 1000);
    await table.append(row());
    await deltaTable(store, engine, { clock: manualClock(0) }).append(row());
    const times = await Promise.all([0, 1, 2, 3].map((version) => timeOf(store, version)));
    expect(times).toEqual([FAR, FAR + 1, FAR + 1000, FAR + 1001]);
    const [first] = new TextDecoder().decode(await store.get(logKey(0))).split("\n");
    expect(JSON.parse(first ?? "")).toMatchObject({ commitInfo: { inCommitTimestamp: FAR } });
    expect((await commitOf(store, 0)).protocol?.writerFeatures).toContain("inCommitTimestamp");

    for (const opened of [table, deltaTable(store, engine)]) {
      for (const [version, timestampMs] of times.entries())
        expect(await opened.snapshot({ timestampMs: timestampMs ?? 0 })).toMatchObject({ version, timestampMs });
      const history = await Array.fromAsync(opened.history());
      expect(history.map(({ timestampMs }) => timestampMs)).toEqual(times.toReversed());
    }
  });

  it("goes on from the newest commit's time when it is read from a checkpoint", async () => {
    const store = createMemoryStore();
    const table = deltaTable(store, engine, { clock: manualClock(FAR) });
    await table.create({ schema: EVENTS, configuration: ON });
    await table.append(row());
    await table.checkpoint();
    await store.delete(logKey(0));
    const opened = deltaTable(store, engine);
    expect(await opened.snapshot()).toMatchObject({ version: 1, timestampMs: FAR + 1 });
    await opened.append(row());
    expect(await timeOf(store, 2)).toBe(FAR + 2);
  });

  it("says since when, where it had commits that did not, although others came first", async () => {
    const store = createMemoryStore();
    const other = deltaTable(store, engine);
    await other.create({ schema: EVENTS });
    let overtaking = 2;
    const putIfAbsent: ObjectStore["putIfAbsent"] = async (key, body) => {
      if (key.includes("_delta_log/") && overtaking-- > 0) await other.append(row());
      return store.putIfAbsent(key, body);
    };
    const clock = { ...manualClock(FAR), sleep: systemClock.sleep };
    const table = deltaTable({ ...store, putIfAbsent }, engine, { clock });
    await table.alter({ setProperties: ON });
    const { metaData, protocol, commitInfo } = await commitOf(store, 3);
    expect(commitInfo).toMatchObject({ operation: "SET TBLPROPERTIES", inCommitTimestamp: FAR });
    expect(metaData?.configuration).toEqual({ ...ON, [VERSION]: "3", [TIME]: String(FAR) });
    expect(protocol?.writerFeatures).toContain("inCommitTimestamp");
    await other.append(row());
    expect(await timeOf(store, 2)).toBeUndefined();
    expect(await timeOf(store, 4)).toBe(FAR + 1);
    for (const [timestampMs, version] of [
      [FAR - 1, 2],
      [FAR, 3],
      [FAR + 1, 4],
    ] as const)
      expect((await other.snapshot({ timestampMs })).version).toBe(version);
  });

  it("takes a time above its rivals', who had a later clock", async () => {
    const store = createMemoryStore();
    const late = deltaTable(store, engine, { clock: manualClock(FAR) });
    await deltaTable(store, engine).create({ schema: EVENTS, configuration: ON });
    let overtaking = true;
    const putIfAbsent: ObjectStore["putIfAbsent"] = async (key, body) => {
      if (key.includes("_delta_log/") && overtaking) {
        overtaking = false;
        await late.append(row());
      }
      return store.putIfAbsent(key, body);
    };
    await deltaTable({ ...store, putIfAbsent }, engine).append(row());
    expect(await timeOf(store, 1)).toBe(FAR);
    expect(await timeOf(store, 2)).toBe(FAR + 1);
  });

  it("may cease to say it, and begin again; a version that is restored changes nothing of since when", async () => {
    const store = createMemoryStore();
    const clock = manualClock(FAR);
    const table = deltaTable(store, engine, { clock });
    await table.create({ schema: EVENTS });
    await table.append(row());
    await table.alter({ setProperties: ON });
    await table.append(row());
    await table.alter({ setProperties: OFF });
    await table.append(row());
    expect((await table.snapshot()).configuration).toEqual(OFF);
    expect(await timeOf(store, 4)).toBeUndefined();
    expect(await timeOf(store, 5)).toBeUndefined();
    clock.jumpTo(FAR + 1000);
    await table.alter({ setProperties: ON });
    const again = { ...ON, [VERSION]: "6", [TIME]: String(FAR + 1000) };
    expect((await table.snapshot()).configuration).toEqual(again);
    await table.restore({ at: { version: 3 } });
    expect((await table.snapshot()).configuration).toEqual(again);
    expect(await timeOf(store, 7)).toBe(FAR + 1001);
    expect((await table.snapshot({ timestampMs: FAR + 1000 })).version).toBe(6);
  });
});
