import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../src/clock.ts";
import { type EmbeddedLogOptions, openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import { code, numbers, readAll, send, values } from "../../support/event-log.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const HOUR = 3_600_000;
const open = (folder: string, options: Partial<EmbeddedLogOptions> = {}) =>
  openEmbeddedLog({ folder, stateFile: ":memory:", segmentBytes: 600, ...options });
const segments = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".segment")).length;

describe("retention of the embedded log", () => {
  it("removes whole segments past their age, durably, and says so to who reads below", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(1_000_000);
    {
      await using log = await open(temp.path, { clock, retentionMs: HOUR });
      await log.createTopic("t");
      for (const i of numbers(0, 20)) await send(log, "t", `old${i}`);
      await clock.advance(HOUR + 1);
      await send(log, "t", "new");
      const before = segments(temp.path);
      await log.removeExpired();
      expect(segments(temp.path)).toBeLessThan(before);
      expect(await log.bounds("t", 0)).toEqual({ start: 20n, end: 21n });
      await expect(log.read("t", 0, 19n)).rejects.toEqual(code("OFFSET_OUT_OF_RANGE"));
    }
    await using again = await open(temp.path, { clock, retentionMs: HOUR });
    expect(await again.bounds("t", 0)).toEqual({ start: 20n, end: 21n });
    expect(values(await readAll(again, "t"))).toEqual(["new"]);
    expect(await Array.fromAsync(verifyLog(temp.path))).toEqual([]);
  });

  it("removes nothing that a group which claims the topic has not committed", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(1_000_000);
    await using log = await open(temp.path, { clock, retentionMs: HOUR });
    log.holdFor("sink", (topic) => topic !== "other");
    log.holdFor("stream", (topic) => topic === "t");
    await log.createTopic("t");
    await log.createTopic("other");
    for (const i of numbers(0, 20)) {
      await send(log, "t", `${i}`);
      await send(log, "other", `${i}`);
    }
    await clock.advance(2 * HOUR);
    await send(log, "t", "new");
    await log.removeExpired();
    expect((await log.bounds("t", 0)).start).toBe(0n);
    expect((await log.bounds("other", 0)).start).toBe(20n);
    await log.commit("sink", "t", 0, 21n);
    await log.commit("stream", "t", 0, 12n);
    await log.removeExpired();
    const { start } = await log.bounds("t", 0);
    expect(start).toBe(12n);
    expect(values(await readAll(log, "t"))).toEqual([...numbers(12, 20).map(String), "new"]);
  });

  it("obeys a topic's own retention.ms and retention.bytes, and the whole log's bytes", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(1_000_000);
    await using log = await open(temp.path, { clock, retentionBytes: 30_000 });
    await log.createTopic("short", { config: { "retention.ms": "1000" } });
    await log.createTopic("small", { config: { "retention.bytes": "500" } });
    await log.createTopic("kept", { config: { "retention.ms": "-1" } });
    for (const i of numbers(0, 30)) for (const topic of ["short", "small", "kept"]) await send(log, topic, `${i}`);
    await clock.advance(1001);
    await log.removeExpired();
    expect((await log.bounds("short", 0)).start).toBeGreaterThan(20n);
    expect((await log.bounds("small", 0)).start).toBeGreaterThan(5n);
    expect((await log.bounds("small", 0)).start).toBeLessThan(25n);
    expect((await log.bounds("kept", 0)).start).toBe(0n);
    for (const i of numbers(0, 300)) await send(log, "kept", `more${i}`);
    await log.removeExpired();
    expect((await log.bounds("kept", 0)).start).toBeGreaterThan(30n);
    expect(await Array.fromAsync(verifyLog(temp.path))).toEqual([]);
  });

  it("works by itself, every minute, and frees a deleted topic's records at the last commit", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(1_000_000);
    await using log = await open(temp.path, { clock, retentionMs: 1000 });
    log.holdFor("stage", () => true);
    await log.createTopic("t");
    for (const i of numbers(0, 20)) await send(log, "t", `${i}`);
    await log.deleteTopic("t");
    await log.commit("stage", "t", 0, 20n);
    expect(await log.stagePartitions()).toMatchObject([{ start: 20n, end: 20n, deleted: true }]);
    await log.createTopic("u");
    for (const i of numbers(0, 20)) await send(log, "u", `${i}`);
    await log.commit("stage", "u", 0, 20n);
    await clock.advance(2000);
    await send(log, "u", "new");
    expect((await log.bounds("u", 0)).start).toBe(0n);
    await clock.advance(60_000);
    await expect.poll(async () => (await log.bounds("u", 0)).start, { timeout: 30_000 }).toBe(20n);
  });
});
