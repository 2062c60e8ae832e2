import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EmbeddedLogOptions, openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import type { LocalLog } from "../../../src/log/local-log.ts";
import { code, numbers, readAll, send, values } from "../../support/event-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const open = (folder: string, options: Partial<EmbeddedLogOptions> = {}) =>
  openEmbeddedLog({ folder, stateFile: ":memory:", ...options });
const segmentsOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".segment"))
    .sort()
    .map((name) => join(folder, name));
const last = (folder: string) => segmentsOf(folder).at(-1)!;

/** A log of frames with one record each: v0, v1, …; the file's length after each. */
async function written(folder: string, records: number): Promise<number[]> {
  await using log = await open(folder);
  await log.createTopic("t");
  const lengths = [];
  for (const i of numbers(0, records)) {
    await send(log, "t", `v${i}`);
    lengths.push(readFileSync(last(folder)).length);
  }
  return lengths;
}

async function copied(from: string, to: string): Promise<string> {
  mkdirSync(to);
  for (const file of segmentsOf(from)) copyFileSync(file, file.replace(from, to));
  return to;
}

const all = async (log: LocalLog) => values(await readAll(log, "t", 0, true));

describe("opening the embedded log", () => {
  it("cuts a torn end at any byte to the last whole frame, and goes on after it", async () => {
    await using temp = await tempFolder();
    const whole = join(temp.path, "whole");
    const lengths = await written(whole, 4);
    const bytes = readFileSync(last(whole));
    for (let cut = lengths[1]!; cut <= bytes.length; cut++) {
      const folder = join(temp.path, `${cut}`);
      mkdirSync(folder);
      writeFileSync(last(whole).replace(whole, folder), bytes.subarray(0, cut));
      const kept = lengths.filter((length) => length <= cut).length;
      {
        await using log = await open(folder);
        expect(await all(log)).toEqual(numbers(0, kept).map((i) => `v${i}`));
        expect((await send(log, "t", "new"))[0]!.offset).toBe(BigInt(kept));
      }
      await using again = await open(folder);
      expect((await all(again)).at(-1)).toBe("new");
      rmSync(folder, { recursive: true });
    }
  });

  it("cuts what a power cut may leave at the end: zeros, or garbage that claims to be huge", async () => {
    await using temp = await tempFolder();
    const whole = join(temp.path, "whole");
    await written(whole, 2);
    const huge = readFileSync(last(whole)).subarray(-80);
    huge.writeUInt32LE(0xffffffff, 8);
    for (const [i, tail] of [Buffer.alloc(5000), huge, Buffer.from("\x89PLF"), Buffer.alloc(3000, 0x89)].entries()) {
      const folder = await copied(whole, join(temp.path, `${i}`));
      appendFileSync(last(folder), tail);
      await using log = await open(folder);
      expect(await all(log)).toEqual(["v0", "v1"]);
      expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
    }
  });

  it("refuses a flipped bit before a whole frame, names file and position, and changes nothing", async () => {
    await using temp = await tempFolder();
    const whole = join(temp.path, "whole");
    const lengths = await written(whole, 6);
    const random = seededRandom(1);
    for (let i = 0; i < 60; i++) {
      const folder = await copied(whole, join(temp.path, `${i}`));
      const file = last(folder);
      const bytes = readFileSync(file);
      const at = Math.floor(random() * lengths[4]!);
      bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
      writeFileSync(file, bytes);
      const position = lengths.findLast((length) => length <= at) ?? 0;
      await expect(open(folder)).rejects.toMatchObject({
        code: "LOG_CORRUPT",
        details: { file, position: at < lengths[0]! ? expect.any(Number) : position },
      });
      expect(readFileSync(file).equals(bytes)).toBe(true);
      expect((await Array.fromAsync(verifyLog(folder))).map((d) => d.file)).toContain(file);
      rmSync(folder, { recursive: true });
    }
  });

  it("opens over a flipped bit in an older segment; the first read of it refuses, and doctor finds it", async () => {
    await using temp = await tempFolder();
    const folder = join(temp.path, "log");
    {
      await using log = await open(folder, { segmentBytes: 500 });
      await log.createTopic("t");
      for (const i of numbers(0, 30)) await send(log, "t", `v${i}`);
    }
    const file = segmentsOf(folder)[2]!;
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    for (const sidecars of ["kept", "removed"]) {
      if (sidecars === "removed")
        for (const name of readdirSync(folder)) if (name.endsWith(".index")) rmSync(join(folder, name));
      await using log = await open(folder);
      const error = await all(log).catch((e) => e);
      expect(error).toMatchObject({ code: "LOG_CORRUPT", details: { file } });
      const { end } = await log.bounds("t", 0);
      expect(values((await log.read("t", 0, end - 1n)).records)).toEqual(["v29"]);
    }
    expect(await Array.fromAsync(verifyLog(folder))).toMatchObject([
      { file, reason: expect.stringContaining("checksum") },
      { reason: expect.stringContaining("missing") },
    ]);
  });

  it("finds a missing segment when its records are read, and doctor names the gap", async () => {
    await using temp = await tempFolder();
    {
      await using log = await open(temp.path, { segmentBytes: 500 });
      await log.createTopic("t");
      for (const i of numbers(0, 30)) await send(log, "t", `v${i}`);
    }
    rmSync(segmentsOf(temp.path)[1]!);
    await using log = await open(temp.path);
    await expect(all(log)).rejects.toEqual(code("LOG_CORRUPT"));
    expect(await Array.fromAsync(verifyLog(temp.path))).toMatchObject([{ reason: expect.stringContaining("missing") }]);
  });

  it("makes a missing or damaged sidecar again", async () => {
    await using temp = await tempFolder();
    {
      await using log = await open(temp.path, { segmentBytes: 500 });
      await log.createTopic("t");
      for (const i of numbers(0, 30)) await send(log, "t", `v${i}`);
    }
    const sidecars = readdirSync(temp.path).filter((name) => name.endsWith(".index"));
    expect(sidecars.length).toBeGreaterThan(3);
    const before = sidecars.map((name) => readFileSync(join(temp.path, name), "utf8"));
    rmSync(join(temp.path, sidecars[0]!));
    writeFileSync(join(temp.path, sidecars[1]!), before[1]!.replace(/\d/g, "7"));
    writeFileSync(join(temp.path, sidecars[2]!), "");
    await using log = await open(temp.path);
    expect(await all(log)).toEqual(numbers(0, 30).map((i) => `v${i}`));
    expect(sidecars.map((name) => readFileSync(join(temp.path, name), "utf8"))).toEqual(before);
  });

  it("takes a copy of a segment inside a record for what it is, also when the frame around it is torn", async () => {
    await using temp = await tempFolder();
    const folder = join(temp.path, "log");
    await written(folder, 3);
    const inner = readFileSync(last(folder));
    {
      await using log = await open(folder);
      await log.append("t", [{ key: null, value: inner, headers: [], timestampMs: 0 }]);
    }
    const bytes = readFileSync(last(folder));
    writeFileSync(last(folder), bytes.subarray(0, bytes.length - 1));
    await using log = await open(folder);
    expect(await all(log)).toEqual(["v0", "v1", "v2"]);
  });

  it("reads beside a writer without changing anything", async () => {
    await using temp = await tempFolder();
    await using writer = await open(temp.path);
    await writer.createTopic("t");
    await send(writer, "t", "a");
    appendFileSync(last(temp.path), "half a fra");
    const before = readFileSync(last(temp.path));
    await using reader = await open(temp.path, { readOnly: true, stateFile: join(temp.path, "absent.db") });
    expect(await all(reader)).toEqual(["a"]);
    await expect(send(reader, "t", "b")).rejects.toEqual(code("STORAGE_FAILED"));
    expect(readFileSync(last(temp.path)).equals(before)).toBe(true);
  });
});
