import { cpSync, existsSync, fstatSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { manualClock } from "../../../src/clock.ts";
import { type EmbeddedLogOptions, openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { type Files, nodeFiles } from "../../../src/log/embedded/files.ts";
import { type SpareFile, spareSegment } from "../../../src/log/embedded/spare-segment.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import type { EventLog } from "../../../src/log/event-log.ts";
import { code, readAll, send, values } from "../../support/event-log.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const SEGMENT_BYTES = 256 * 1024;
const SPARE = "next.spare";

const open = (folder: string, files: Files = nodeFiles, more: Partial<EmbeddedLogOptions> = {}) =>
  openEmbeddedLog({ folder, stateFile: ":memory:", segmentBytes: SEGMENT_BYTES, files, ...more });

const segments = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".segment"))
    .sort()
    .map((name) => join(folder, name));

/** Sends values of 1,000 bytes, one after the other; gives them. */
async function sendMany(log: EventLog, from: number, count: number): Promise<string[]> {
  const sent = Array.from({ length: count }, (_, i) => `${from + i}:`.padEnd(1000, "x"));
  for (const value of sent) await send(log, "t", value);
  return sent;
}

/** Sends until the log has gone on in a segment that was filled beforehand. */
async function sendUntilFilled(log: EventLog, folder: string): Promise<string[]> {
  await log.createTopic("t");
  const sent: string[] = [];
  while (statSync(segments(folder).at(-1)!).size < SEGMENT_BYTES) {
    sent.push(...(await sendMany(log, sent.length, 10)));
    if (existsSync(join(folder, SPARE))) await delay(1);
    expect(sent.length).toBeLessThan(1000);
  }
  return sent;
}

const contents = async (log: EventLog) => values(await readAll(log, "t"));

it("goes on in a file that is filled beforehand when the load is of small frames, and cuts it at its end", async () => {
  await using temp = await tempFolder();
  const log = await open(temp.path);
  const sent = await sendUntilFilled(log, temp.path);
  sent.push(...(await sendMany(log, sent.length, 900)));
  expect(segments(temp.path).length).toBeGreaterThan(3);
  expect(await contents(log)).toEqual(sent);
  await log.close();
  expect(readdirSync(temp.path)).not.toContain(SPARE);
  const last = readFileSync(segments(temp.path).at(-1)!);
  expect(last.subarray(-40).some((byte) => byte !== 0)).toBe(true);
  expect(await Array.fromAsync(verifyLog(temp.path))).toEqual([]);
  await using again = await open(temp.path);
  expect(await contents(again)).toEqual(sent);
});

it("leaves no zeros in a segment that takes no more before it is full", async () => {
  await using temp = await tempFolder();
  const clock = manualClock();
  const log = await open(temp.path, nodeFiles, { clock, retentionMs: 1000 });
  const sent = await sendUntilFilled(log, temp.path);
  const file = segments(temp.path).at(-1)!;
  clock.jumpTo(1001);
  sent.push(...(await sendMany(log, sent.length, 1)));
  expect(segments(temp.path).at(-1)).not.toBe(file);
  expect(statSync(file).size).toBeLessThan(SEGMENT_BYTES / 2);
  expect(await Array.fromAsync(verifyLog(temp.path))).toEqual([]);
  expect(await contents(log)).toEqual(sent);
  await log.close();
});

it("loses nothing and finds no damage where a process ended without cutting it", async () => {
  await using temp = await tempFolder();
  const [lived, left, torn] = ["lived", "left", "torn"].map((name) => join(temp.path, name)) as [
    string,
    string,
    string,
  ];
  const log = await open(lived);
  const sent = await sendUntilFilled(log, lived);
  sent.push(...(await sendMany(log, sent.length, 20)));
  for (const image of [left, torn]) cpSync(lived, image, { recursive: true });
  writeFileSync(join(left, SPARE), Buffer.alloc(1000, 1));
  await log.close();

  expect(await Array.fromAsync(verifyLog(left))).toEqual([]);
  {
    await using beside = await openEmbeddedLog({ folder: left, stateFile: ":memory:", readOnly: true });
    expect(await contents(beside)).toEqual(sent);
  }
  await using again = await open(left);
  expect(readdirSync(left)).not.toContain(SPARE);
  expect(await contents(again)).toEqual(sent);
  expect((await sendMany(again, sent.length, 3)).length).toBe(3);
  expect(await again.bounds("t", 0)).toEqual({ start: 0n, end: BigInt(sent.length + 3) });

  // The last frame reached the disk in part, among the zeros.
  const file = segments(torn).at(-1)!;
  const bytes = readFileSync(file);
  const end = bytes.findLastIndex((byte) => byte !== 0);
  bytes.fill(0, end - 400, end + 1);
  writeFileSync(file, bytes);
  await using cut = await open(torn);
  expect(await contents(cut)).toEqual(sent.slice(0, -1));
});

it("makes none for frames that are large, or where it would take much of what the disk has left", async () => {
  await using temp = await tempFolder();
  const large = "y".repeat(300_000);
  for (const [name, free, value] of [
    ["large", nodeFiles.free, large],
    ["full", () => SEGMENT_BYTES * 9, "x".repeat(1000)],
  ] as const) {
    const folder = join(temp.path, name);
    const opened: string[] = [];
    const files = { ...nodeFiles, free };
    files.open = (path, flags) => {
      opened.push(path);
      return nodeFiles.open(path, flags);
    };
    await using log = await open(folder, files);
    await log.createTopic("t");
    for (let i = 0; i < SEGMENT_BYTES / 2; i += value.length) await send(log, "t", value);
    expect(opened.filter((path) => path.endsWith(SPARE))).toEqual([]);
  }
});

it("gives the file's room back to a disk that is full", async () => {
  await using temp = await tempFolder();
  let full = false;
  const files: Files = {
    ...nodeFiles,
    write: (fd, bytes, position) =>
      full
        ? Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }))
        : nodeFiles.write(fd, bytes, position),
  };
  const log = await open(temp.path, files);
  const sent = await sendUntilFilled(log, temp.path);
  while (!existsSync(join(temp.path, SPARE))) sent.push(...(await sendMany(log, sent.length, 5)));
  full = true;
  await expect(send(log, "t", "lost")).rejects.toEqual(code("STORAGE_FULL"));
  expect(existsSync(join(temp.path, SPARE))).toBe(false);
  full = false;
  sent.push(...(await sendMany(log, sent.length, 5)));
  expect(await contents(log)).toEqual(sent);
  await log.close();
});

it("gives a file of its name, however it is given up and asked for again", async () => {
  await using temp = await tempFolder();
  const files: Files = { ...nodeFiles, sync: (fd) => delay(1).then(() => nodeFiles.sync(fd)) };
  const spare = spareSegment(files, temp.path, 1024 * 1024);
  for (let round = 0; round < 6; round++) {
    spare.prepare();
    await delay(round % 3);
    const dropped = spare.drop();
    spare.prepare();
    await dropped;
    expect(spare.take()).toBeUndefined();
    expect(existsSync(spare.path)).toBe(false);
    while (!spare.ready) {
      spare.prepare();
      await delay(1);
    }
    const taken = spare.take() as SpareFile;
    expect(fstatSync(taken.fd).ino).toBe(statSync(taken.path).ino);
    expect(readFileSync(taken.path)).toEqual(Buffer.alloc(1024 * 1024));
    files.close(taken.fd);
  }
});
