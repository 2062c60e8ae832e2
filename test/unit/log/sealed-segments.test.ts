import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPinlakeError, type PinlakeError } from "../../../src/errors.ts";
import { openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import type { EventLog } from "../../../src/log/event-log.ts";
import { numbers, record, text } from "../../support/event-log.ts";
import { printedSeed, seededRandom } from "../../support/seeded-random.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

const PARTITIONS = 2;
const CALLS = 120;
const expected = numbers(0, PARTITIONS).map((partition) =>
  numbers(0, CALLS).flatMap((call) => numbers(0, 3).map((i) => `${partition}:${call}.${i}:${"x".repeat(call % 40)}`)),
);

const open = (folder: string) => openEmbeddedLog({ folder, stateFile: ":memory:", segmentBytes: 2000 });

const filesOf = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));

/** Reads a partition to its end or to what is wrong with it: what is given must be right, each offset after the other. */
async function readPartition(log: EventLog, partition: number): Promise<PinlakeError<"LOG_CORRUPT"> | undefined> {
  const { start, end } = await log.bounds("t", partition);
  expect([start, end]).toEqual([0n, BigInt(expected[partition]!.length)]);
  for (let next = start; next < end; ) {
    try {
      const batch = await log.read("t", partition, next, { maxRecords: 50 });
      for (const [i, { offset, value }] of batch.records.entries()) {
        expect(offset).toBe(next + BigInt(i));
        expect(text(value)).toBe(expected[partition]![Number(offset)]);
      }
      expect(batch.next).toBe(next + BigInt(batch.records.length));
      next = batch.next;
    } catch (error) {
      if (!isPinlakeError(error, "LOG_CORRUPT")) throw error;
      return error;
    }
  }
  return undefined;
}

describe("a segment that was sealed", () => {
  let made: TempFolder;
  beforeAll(async () => {
    made = await tempFolder();
    await using log = await open(made.path);
    await log.createTopic("t", { partitions: PARTITIONS });
    for (const call of numbers(0, CALLS))
      await log.append(
        "t",
        numbers(0, 3).flatMap((i) =>
          numbers(0, PARTITIONS).map((partition) => record(expected[partition]![3 * call + i]!, { partition })),
        ),
      );
  });
  afterAll(() => made[Symbol.asyncDispose]());

  /** What readers and the doctor say of a copy after something was done to it. */
  async function afterwards(damage: (segments: readonly string[], indexes: readonly string[]) => void) {
    await using temp = await tempFolder();
    cpSync(made.path, temp.path, { recursive: true });
    damage(filesOf(temp.path, ".segment"), filesOf(temp.path, ".index"));
    const doctor = await Array.fromAsync(verifyLog(temp.path));
    const readers = [];
    for (const _ of ["as it was found", "as the first start left it"]) {
      await using log = await open(temp.path);
      for (const partition of numbers(0, PARTITIONS)) readers.push(await readPartition(log, partition));
      // By time, as a consumer begins: no other answer than the right one, or the damage.
      const first = await log.offsetForTime("t", 0, 0).catch((error) => error);
      if (!isPinlakeError(first, "LOG_CORRUPT")) expect(first).toBe(0n);
    }
    return { readers, doctor, file: (n: number) => join(temp.path, `${String(n).padStart(12, "0")}.segment`) };
  }

  it("is there to be read, with or without its index", async () => {
    expect(filesOf(made.path, ".segment").length).toBeGreaterThan(6);
    for (const damage of [
      () => {},
      (_: unknown, indexes: readonly string[]) => {
        for (const file of indexes) rmSync(file);
      },
    ])
      expect(await afterwards(damage)).toMatchObject({
        readers: [undefined, undefined, undefined, undefined],
        doctor: [],
      });
  });

  it("shows a flipped bit at the first read of it, with file and position", async () => {
    const random = seededRandom(printedSeed("sealed segments"));
    const head = readFileSync(filesOf(made.path, ".segment")[2]!).readUInt32LE(8);
    for (let i = 0; i < 30; i++) {
      const length = statSync(filesOf(made.path, ".segment")[2]!).size;
      const at = Math.floor(random() * length);
      const { readers, doctor, file } = await afterwards(([, , segment = ""], [, , index = ""]) => {
        const bytes = readFileSync(segment);
        bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
        writeFileSync(segment, bytes);
        if (i % 3 === 0) rmSync(index);
      });
      expect(doctor[0]).toMatchObject({ file: file(2), position: expect.any(Number) });
      expect(doctor[0]!.position).toBeLessThanOrEqual(at);
      if (at < head) continue; // the topics' state, which the last segment holds too
      for (const error of readers) {
        expect(error?.details).toMatchObject({ file: file(2) });
        expect(error!.details.position).toBeLessThanOrEqual(at);
        expect(error!.message).toMatch(/Restore|repair/);
      }
    }
  });

  it.each<[string, (segments: readonly string[]) => void]>([
    ["is missing", ([, , third = ""]) => rmSync(third)],
    ["is cut short", ([, , third = ""]) => truncateSync(third, 1500)],
    ["is cut short between two frames", ([, , third = ""]) => truncateSync(third, frameEnds(third).at(-3)!)],
    ["is empty", ([, , third = ""]) => truncateSync(third, 0)],
    ["lacks a frame in its middle", ([, , third = ""]) => withoutFrame(third, 4)],
    ["is a copy of the one before", ([, second = "", third = ""]) => copyFileSync(second, third)],
  ])("that %s is noticed at the first read, and nothing is passed over", async (_, damage) => {
    const { readers, doctor } = await afterwards(damage);
    expect(doctor.length).toBeGreaterThan(0);
    for (const error of readers) expect(error?.code).toBe("LOG_CORRUPT");
  });

  it("reads as ever when it swapped its name with another, which the doctor sees", async () => {
    const { readers, doctor } = await afterwards(([, , third = "", fourth = ""]) => swap(third, fourth));
    expect(readers).toEqual([undefined, undefined, undefined, undefined]);
    expect(doctor.length).toBeGreaterThan(0);
  });

  it.each<[string, (indexes: readonly string[]) => void]>([
    ["of its neighbour", ([, , third = "", fourth = ""]) => swap(third, fourth)],
    ["of its neighbour, which is as long", ([, , third = "", fourth = ""]) => asLongAs(third, fourth)],
    ["cut short", ([, , third = ""]) => truncateSync(third, 50)],
    ["that points elsewhere", ([, , third = ""]) => pointElsewhere(third)],
    ["of zeros", ([, , third = ""]) => writeFileSync(third, Buffer.alloc(statSync(third).size))],
    [
      "left by a segment that is gone",
      ([, , third = ""]) => copyFileSync(third, third.replace(/\d+\.index/, "9.index")),
    ],
  ])("is read by itself when its index is one %s", async (_, damage) => {
    const { readers, doctor } = await afterwards((_, indexes) => damage(indexes));
    expect(readers).toEqual([undefined, undefined, undefined, undefined]);
    expect(doctor).toEqual([]);
  });

  it("that goes missing under a running log is named", async () => {
    await using temp = await tempFolder();
    cpSync(made.path, temp.path, { recursive: true });
    await using log = await open(temp.path);
    const [, , third = ""] = filesOf(temp.path, ".segment");
    rmSync(third);
    const error = await readPartition(log, 0);
    expect(error?.details).toEqual({ file: third, position: 0, reason: "it is missing" });
  });
});

function frameEnds(file: string): number[] {
  const bytes = readFileSync(file);
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ends.push(at)) at += bytes.readUInt32LE(at + 8);
  return ends;
}

function withoutFrame(file: string, n: number): void {
  const ends = frameEnds(file);
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.concat([bytes.subarray(0, ends[n - 1]), bytes.subarray(ends[n])]));
}

function swap(a: string, b: string): void {
  renameSync(a, `${a}.kept`);
  renameSync(b, a);
  renameSync(`${a}.kept`, b);
}

/** The second index in the place of the first, whole and of a segment of the same length. */
function asLongAs(first: string, second: string): void {
  const [one, other] = [first, second].map((file) => JSON.parse(readFileSync(file, "utf8").split("\n")[1]!) as object);
  const json = JSON.stringify({ ...other, length: (one as { length: number }).length });
  writeFileSync(first, `${crc32(json)}\n${json}`);
}

function pointElsewhere(index: string): void {
  writeFileSync(index, readFileSync(index, "utf8").replace(/"entries":\[(\d+),(\d+)/g, '"entries":[$1,$2' + "1"));
}
