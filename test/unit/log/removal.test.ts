import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../../src/clock.ts";
import { type EmbeddedLogOptions, openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { type Files, nodeFiles } from "../../../src/log/embedded/files.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { code, numbers, readAll, record, send, values } from "../../support/event-log.ts";
import { faultyFiles } from "../../support/faulty-files.ts";
import { printedSeed, seededRandom } from "../../support/seeded-random.ts";
import { smallDisk } from "../../support/small-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const HOUR = 3_600_000;
const START = 1_700_000_000_000;
const open = (folder: string, options: Partial<EmbeddedLogOptions> = {}) =>
  openEmbeddedLog({ folder, stateFile: ":memory:", segmentBytes: 600, retentionMs: HOUR, ...options });
const segments = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".segment"));
const kept = (folder: string) => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

describe("what retention takes", () => {
  it("is taken from a log that nobody writes to any more", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(START);
    await using log = await open(temp.path, { clock, segmentBytes: 1024 * 1024 });
    await log.createTopic("t");
    await send(log, "t", "a", "b");
    await clock.advance(HOUR / 5);
    await log.removeExpired();
    expect(await log.bounds("t", 0)).toEqual({ start: 0n, end: 2n });
    await clock.advance(HOUR);
    await log.removeExpired();
    expect(await log.bounds("t", 0)).toEqual({ start: 2n, end: 2n });
    expect(segments(temp.path)).toHaveLength(1);
    const before = readdirSync(temp.path);
    await clock.advance(10 * HOUR);
    await log.removeExpired();
    expect(readdirSync(temp.path)).toEqual(before); // and then it rests
    expect((await send(log, "t", "c"))[0]!.offset).toBe(2n);
  });

  it("goes although a clock that was wrong for a while wrote a later time before it", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(START);
    await using log = await open(temp.path, { clock });
    await log.createTopic("t");
    clock.jumpTo(START + 30 * 365 * 24 * HOUR);
    for (const i of numbers(0, 20)) await send(log, "t", `future${i}`);
    clock.jumpTo(START);
    for (const i of numbers(0, 20)) await send(log, "t", `past${i}`);
    await clock.advance(HOUR + 1);
    await log.removeExpired();
    expect((await log.bounds("t", 0)).start).toBeGreaterThan(30n);
  });

  it("is told, and what holds the rest back; so is a turn that failed", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(START);
    let failing = false;
    const files: Files = {
      ...nodeFiles,
      sync: (fd) => (failing ? Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" })) : nodeFiles.sync(fd)),
    };
    await using log = await open(temp.path, { clock, files });
    log.holdFor("sink", () => true);
    log.holdFor("stream", (topic) => topic === "t");
    await log.createTopic("t");
    expect(log.retention()).toEqual({ removedBytes: 0, held: [] });
    for (const i of numbers(0, 30)) await send(log, "t", `${i}`);
    await log.commit("sink", "t", 0, 25n);
    await log.commit("stream", "t", 0, 12n);
    await clock.advance(2 * HOUR);
    await send(log, "t", "new");
    const before = kept(temp.path);
    await log.removeExpired();
    expect(log.retention()).toEqual({
      lastTurnAtMs: clock.now(),
      removedBytes: expect.any(Number),
      held: [{ topic: "t", partition: 0, group: "stream", from: 12n, records: 18 }],
    });
    const { removedBytes } = log.retention()!;
    expect(removedBytes).toBeGreaterThan(0);
    expect(removedBytes).toBeLessThanOrEqual(before);

    await log.commit("stream", "t", 0, 31n);
    failing = true;
    await expect(log.removeExpired()).rejects.toEqual(code("STORAGE_FAILED"));
    expect(log.retention()).toMatchObject({ removedBytes, failure: { code: "STORAGE_FAILED" } });
    expect((await log.bounds("t", 0)).start).toBe(12n);
    failing = false;
    await log.removeExpired();
    expect(log.retention()).toMatchObject({ held: [{ group: "sink", from: 25n }] });
    expect(log.retention()).not.toHaveProperty("failure");
  });

  it("frees a disk that is full, so that appends go on", async () => {
    await using disk = smallDisk(512);
    if (disk === undefined) return;
    const clock = manualClock(START);
    const folder = join(disk.path, "log");
    const log = await open(folder, { clock, segmentBytes: 40_000 });
    await log.createTopic("t");
    await log.createTopic("held");
    log.holdFor("stage", () => true);
    const big = numbers(0, 10).map((i) => `${i}${"x".repeat(1000)}`);
    let end = 0n;
    await expect(
      (async () => {
        for (;;) end = (await send(log, "t", ...big)).at(-1)!.offset + 1n;
      })(),
    ).rejects.toEqual(code("STORAGE_FULL"));
    expect(end).toBeGreaterThan(300n);
    for (let size = 4096; size >= 1; size = Math.floor(size / 2)) fill(join(disk.path, `filler${size}`), size);
    await expect(send(log, "t", ...big)).rejects.toEqual(code("STORAGE_FULL"));
    await log.commit("stage", "t", 0, end);
    await clock.advance(HOUR + 1);
    await log.removeExpired();
    expect((await log.bounds("t", 0)).start).toBeGreaterThan(250n);
    expect((await send(log, "t", ...big))[0]!.offset).toBe(end);
    await log.close();
    const again = await open(folder, { clock });
    expect(await again.bounds("t", 0)).toMatchObject({ end: end + 10n });
    expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
    await again.close();
  });
});

describe("a reader of what retention takes", () => {
  it("finishes in a file that goes while it reads, and is told the range where it comes too late", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(START);
    const all = numbers(0, 60).map((i) => `v${i}`);
    {
      await using log = await open(temp.path, { clock });
      await log.createTopic("t");
      for (const value of all) await send(log, "t", value);
    }
    let gate: { readonly open: Promise<void>; readonly reached: () => void } | undefined;
    const files: Files = {
      ...nodeFiles,
      async read(fd, position, length) {
        const waits = gate;
        gate = undefined;
        waits?.reached();
        await waits?.open;
        return nodeFiles.read(fd, position, length);
      },
    };
    await using log = await open(temp.path, { clock, files });
    const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gate = { open: opened.promise, reached: reached.resolve };
    const inside = log.read("t", 0, 0n);
    await reached.promise;
    const [late, byTime] = [log.read("t", 0, 10n), log.offsetForTime("t", 0, 0)];
    await clock.advance(HOUR + 1);
    await send(log, "t", "new");
    await log.removeExpired();
    expect((await log.bounds("t", 0)).start).toBe(60n);
    opened.resolve();
    const given = values((await inside).records);
    expect(given).toEqual(all.slice(0, given.length));
    expect(given.length).toBeGreaterThan(0);
    await expect(late).rejects.toMatchObject({
      code: "OFFSET_OUT_OF_RANGE",
      details: { topic: "t", partition: 0, offset: 10n, start: 60n, end: 61n },
    });
    expect(await byTime).toBe(60n);
  });

  it("gets records or the range, at every moment of a busy log", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(START);
    await using log = await open(temp.path, { clock, retentionMs: 1000, segmentBytes: 3000 });
    await log.createTopic("t");
    let done = false;
    let told = 0;
    const readers = numbers(0, 4).map(async (reader) => {
      for (let next = 0n; !done; ) {
        try {
          const batch = await log.read("t", 0, next, { maxRecords: 5 + reader });
          for (const [i, { offset, value }] of batch.records.entries()) {
            expect(offset).toBe(next + BigInt(i));
            expect(values([{ value } as never])).toEqual([`v${offset}`]);
          }
          next = batch.next;
          if (batch.records.length > 0) continue;
          await new Promise((resolve) => setImmediate(resolve));
          next = next > 30n ? next - 30n : 0n; // and again, from where it may be too late
        } catch (error) {
          expect(error).toEqual(code("OFFSET_OUT_OF_RANGE"));
          told++;
          next = (await log.bounds("t", 0)).start;
        }
      }
    });
    for (const i of numbers(0, 300)) {
      await log.append("t", [record(`v${i}`)]);
      await clock.advance(100);
      if (i % 20 === 0) await log.removeExpired();
    }
    done = true;
    await Promise.all(readers);
    expect(told).toBeGreaterThan(0);
    expect(segments(temp.path).length).toBeLessThan(20);
  });

  it("finds a log that it may only read as it is: nothing is taken from there", async () => {
    await using temp = await tempFolder();
    const clock = manualClock(START);
    await (await open(temp.path, { clock })).close();
    await using reader = await open(temp.path, { clock, readOnly: true });
    await clock.advance(2 * HOUR);
    expect(reader.retention()).toEqual({ removedBytes: 0, held: [] });
  });
});

it("loses nothing and leaves nothing when it is cut short at any call, by a kill or with the power", async () => {
  const random = seededRandom(printedSeed("cut short retention"));
  /** A log that has something to remove, and half of it held; the calls that removing makes. */
  async function remove(folder: string, disk: ReturnType<typeof faultyFiles>, armed: () => void) {
    const clock = manualClock(START);
    const log = await open(folder, { clock, files: disk.files });
    log.holdFor("stage", (topic) => topic === "held");
    for (const topic of ["t", "held"]) await log.createTopic(topic);
    for (const i of numbers(0, 30)) await send(log, "t", `v${i}`);
    for (const i of numbers(0, 10)) for (const topic of ["t", "held"]) await send(log, topic, `${topic}${i}`);
    await clock.advance(HOUR + 1);
    await send(log, "t", "new");
    armed();
    await log.removeExpired().catch(() => {});
    await log.close();
  }
  await using temp = await tempFolder();
  const counting = faultyFiles();
  let from = 0;
  await remove(join(temp.path, "count"), counting, () => {
    from = counting.calls();
  });
  expect(counting.calls() - from).toBeGreaterThan(10);
  for (let at = from + 1; at <= counting.calls(); at++) {
    let dead = false;
    const image = join(temp.path, `image${at}`);
    const disk = faultyFiles((call) => {
      if (call === at) disk.powerCutImage(image, random);
      dead ||= call >= at;
      return dead ? "EIO" : undefined;
    });
    const killed = join(temp.path, `killed${at}`);
    await remove(killed, disk, () => {});
    for (const folder of [killed, image]) {
      const clock = manualClock(START + HOUR + 1);
      await using log = await open(folder, { clock });
      log.holdFor("stage", (topic) => topic === "held");
      expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
      expect(values(await readAll(log, "held"))).toEqual(numbers(0, 10).map((i) => `held${i}`));
      expect(values(await readAll(log, "t")).at(-1)).toBe("new");
      await log.removeExpired();
      expect((await log.bounds("t", 0)).start).toBe(40n);
      expect(values(await readAll(log, "held"))).toHaveLength(10);
      await log.deleteTopic("held");
      await log.commit("stage", "held", 0, 10n);
      await log.removeExpired();
      expect(segments(folder).length, "segments left").toBeLessThanOrEqual(2);
      expect(readdirSync(folder).length, "files left").toBeLessThanOrEqual(3);
    }
  }
});

it("forgets what the memory log's topics need no more, as the other does", async () => {
  const clock = manualClock(START);
  await using log = createMemoryLog({ clock, retentionMs: HOUR });
  log.holdFor("stage", () => true);
  await log.createTopic("t");
  await send(log, "t", "a", "b", "c");
  await log.commit("stage", "t", 0, 2n);
  await clock.advance(HOUR + 1);
  await log.removeExpired();
  expect(log.retention()).toMatchObject({ removedBytes: 2, held: [{ group: "stage", from: 2n, records: 1 }] });
});

/** Writes until nothing more goes in. */
function fill(file: string, size: number): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(size), { flag: "a" });
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
}
