import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { MAGIC } from "../../../src/log/embedded/frame.ts";
import { type RepairedSegment, repairLog } from "../../../src/log/embedded/repair.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import { numbers, readAll, text } from "../../support/event-log.ts";
import { faultyFiles } from "../../support/faulty-files.ts";
import { type Acknowledged, runLogLoad } from "../../support/log-load.ts";
import { printedSeed, seededRandom } from "../../support/seeded-random.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const opened = { segmentBytes: 4000, stateFile: ":memory:" };
const segmentsOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".segment"))
    .sort()
    .map((name) => join(folder, name));

async function filled(folder: string, random: () => number, run = "r"): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  await using log = await openEmbeddedLog({ ...opened, folder });
  log.holdFor("stage", () => true);
  await runLogLoad({
    log,
    run,
    random,
    callers: 4,
    operations: 12,
    acknowledged: (some) => acknowledged.push(...some),
  });
  return acknowledged;
}

function flip(file: string, position: number): void {
  const bytes = readFileSync(file);
  bytes[position] = bytes[position]! ^ 0x10;
  writeFileSync(file, bytes);
}

const repair = (folder: string, aside: string) => Array.fromAsync(repairLog({ folder, aside }));

/** Damages a file in one of the ways that disks and people know. */
function damage(file: string, random: () => number, isLast: boolean): void {
  const bytes = readFileSync(file);
  // Of the newest frames nothing but their own headers tells what they held.
  const at = isLast ? bytes.indexOf("xxx", Math.floor(random() * bytes.length)) : Math.floor(random() * bytes.length);
  if (at < 0) return;
  const kind = isLast ? 0 : random();
  if (kind < 0.5) flip(file, at);
  else if (kind < 0.7) writeFileSync(file, bytes.fill(0, at, Math.min(at + 600, bytes.length)));
  else if (kind < 0.9) writeFileSync(file, bytes.subarray(0, at));
  else rmSync(file);
  // At the very end of the log it looks like a write that was never finished.
  if (isLast && Buffer.compare(bytes.subarray(at), readFileSync(file).subarray(at)) !== 0) {
    const later = readFileSync(file).indexOf(MAGIC, at + 1) >= 0;
    if (!later) writeFileSync(file, bytes);
  }
}

const placesOf = (repaired: readonly RepairedSegment[]): string[] =>
  repaired.flatMap(({ lost }) =>
    lost.flatMap(({ topic, partition, from, to }) => numbers(from, to).map((n) => `${topic}/${partition}@${n}`)),
  );

/** Each acknowledged record is at its place, or its place was given up and says so; nothing else was given up. */
async function expectMended(
  folder: string,
  acknowledged: readonly Acknowledged[],
  repaired: readonly RepairedSegment[],
): Promise<void> {
  expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
  await using log = await openEmbeddedLog({ ...opened, folder });
  log.holdFor("stage", () => true);
  const stored = new Map<string, string | null>();
  for (const { topic, partition } of await log.stagePartitions())
    for (const { offset, value } of await readAll(log, topic, partition, true))
      stored.set(`${topic}/${partition}@${offset}`, text(value));
  const lost = new Set(placesOf(repaired));
  for (const { topic, partition, offset, value } of acknowledged) {
    const place = `${topic}/${partition}@${offset}`;
    const expected = lost.delete(place) ? JSON.stringify(`pinlake: the record at offset ${offset} was lost`) : value;
    expect(stored.get(place), place).toBe(expected);
  }
  expect([...lost], "given up and never there").toEqual([]);
}

describe("the repair of a damaged log", () => {
  it("keeps every whole frame, sets damaged files aside, and names each offset that it gives up", async () => {
    const random = seededRandom(printedSeed("log repair"));
    let lost = 0;
    for (let round = 0; round < 12; round++) {
      await using temp = await tempFolder();
      const folder = join(temp.path, "log");
      const acknowledged = await filled(folder, random);
      const files = segmentsOf(folder);
      expect(files.length).toBeGreaterThan(3);
      const chosen = files.filter(() => random() < 0.4);
      for (const file of chosen) damage(file, random, file === files.at(-1));
      const before = new Map(segmentsOf(folder).map((file) => [file, readFileSync(file)]));
      const found = await Array.fromAsync(verifyLog(folder));
      const repaired = await repair(folder, join(temp.path, "aside"));
      expect(repaired.length > 0).toBe(found.length > 0);
      for (const { file, setAside } of repaired)
        if (setAside !== undefined) expect(readFileSync(setAside)).toEqual(before.get(file));
      await expectMended(folder, acknowledged, repaired);
      const more = await filled(folder, random, "more");
      await expectMended(folder, [...acknowledged, ...more], repaired);
      expect(await repair(folder, join(temp.path, "again"))).toEqual([]);
      lost += placesOf(repaired).length;
    }
    expect(lost).toBeGreaterThan(50);
  });

  it("interrupted at any call, is done by the next one", async () => {
    const random = seededRandom(printedSeed("log repair, interrupted"));
    await using temp = await tempFolder();
    const whole = join(temp.path, "whole");
    const acknowledged = await filled(whole, random);
    for (const file of segmentsOf(whole).slice(1, 3)) flip(file, Math.floor(statSync(file).size / 2));
    let finished = false;
    for (let at = 1; !finished; at++) {
      const folder = join(temp.path, `${at}`);
      cpSync(whole, folder, { recursive: true });
      const disk = faultyFiles((call) => (call >= at ? "EIO" : undefined));
      const first: RepairedSegment[] = [];
      try {
        for await (const one of repairLog({ folder, aside: `${folder}-aside`, files: disk.files })) first.push(one);
        finished = true;
      } catch (error) {
        expect(error).toMatchObject({ code: "EIO" });
      }
      const rest = await repair(folder, `${folder}-again`);
      const repaired = new Map([...first, ...rest].map((one) => [one.file, one]));
      expect(repaired.size).toBe(2);
      await expectMended(folder, acknowledged, [...repaired.values()]);
    }
  });
});
