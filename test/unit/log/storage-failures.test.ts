import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EmbeddedLogOptions, openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../../src/log/embedded/verify.ts";
import { bytes, code, record, send } from "../../support/event-log.ts";
import { type FaultyFiles, faultyFiles } from "../../support/faulty-files.ts";
import { expectAcknowledged } from "../../support/log-check.ts";
import { type Acknowledged, runLogLoad } from "../../support/log-load.ts";
import { printedSeed, seededRandom } from "../../support/seeded-random.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const load = { run: "r", callers: 3 };

interface Life {
  /** What is acknowledged after the power went reached nobody. */
  readonly dead?: () => boolean;
  /** Called when the load is over: from here on nothing fails. */
  readonly healed?: () => void;
}

type Opened = Pick<EmbeddedLogOptions, "segmentBytes" | "stateFile"> & { readonly operations: number };

async function runWith(
  { operations, ...opened }: Opened,
  folder: string,
  disk: FaultyFiles,
  seed: number,
  life: Life = {},
): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const note = (records: readonly Acknowledged[]) => {
    if (life.dead?.() !== true) acknowledged.push(...records);
  };
  try {
    const log = await openEmbeddedLog({ ...opened, folder, files: disk.files });
    log.holdFor("stage", () => true);
    await runLogLoad({
      ...load,
      operations,
      log,
      random: seededRandom(seed),
      acknowledged: note,
    });
    life.healed?.();
    await runLogLoad({ log, run: "healed", callers: 1, operations: 1, random: () => 0.5, acknowledged: note });
    await log.close();
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^STORAGE_/) });
  }
  return acknowledged;
}

/** Segments that grow, and longer ones that are filled beforehand. */
describe.each([
  [2500, 7],
  [70_000, 30],
])("the embedded log with segments of %d bytes, when the disk fails", (segmentBytes, operations) => {
  const opened = { segmentBytes, operations, stateFile: ":memory:" };
  const seed = printedSeed("log storage failures");

  it.each(["EIO", "ENOSPC"])("stores exactly what it acknowledged, whichever call fails with %s", async (errno) => {
    await using temp = await tempFolder();
    const counting = faultyFiles();
    await runWith(opened, join(temp.path, "count"), counting, seed);
    expect(counting.calls()).toBeGreaterThan(40);
    const methods = new Set<string>();
    for (let at = 1; at <= counting.calls(); at += errno === "EIO" ? 1 : 3) {
      const folder = join(temp.path, `${at}`);
      const longer = at % 3 === 0 ? 5 : 0; // and sometimes the next calls too
      let healed = false;
      const disk = faultyFiles((call, method) => {
        methods.add(method);
        return !healed && call >= at && call <= at + longer ? errno : undefined;
      });
      const acknowledged = await runWith(opened, folder, disk, seed, {
        healed: () => {
          healed = true;
        },
      });
      const again = await openEmbeddedLog({ ...opened, folder });
      again.holdFor("stage", () => true);
      await expectAcknowledged(again, acknowledged, { only: true });
      await again.close();
    }
    expect(methods.has("rename"), "files made beforehand are used").toBe(segmentBytes === 70_000);
  });

  it("keeps what it acknowledged through power cuts at any call, with any part of the unsynced bytes on the disk", async () => {
    await using temp = await tempFolder();
    const random = seededRandom(seed);
    const counting = faultyFiles();
    await runWith(opened, join(temp.path, "count"), counting, seed);
    for (let cut = 0; cut < 40; cut++) {
      const at = 1 + Math.floor(random() * counting.calls());
      const failing = cut % 2 === 0 ? Math.floor(random() * at) : 0; // in half of them, a call fails before
      let dead = false;
      const disk = faultyFiles((call) => {
        if (call === at) disk.powerCutImage(join(temp.path, `image${cut}`), random);
        dead ||= call >= at;
        return dead || call === failing ? "EIO" : undefined;
      });
      const acknowledged = await runWith(opened, join(temp.path, `${cut}`), disk, seed + cut, { dead: () => dead });
      if (!dead) continue;
      const folder = join(temp.path, `image${cut}`);
      for (const life of [1, 2]) {
        const again = await openEmbeddedLog({ ...opened, folder });
        again.holdFor("stage", () => true);
        await expectAcknowledged(again, acknowledged);
        await runLogLoad({
          log: again,
          run: `life${life}`,
          callers: 2,
          operations: 4,
          random,
          acknowledged: (records) => acknowledged.push(...records),
        });
        await again.close();
        expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
      }
    }
  });

  it("answers STORAGE_FULL to those waiting, shows nothing of them, and goes on when there is room", async () => {
    await using temp = await tempFolder();
    let full = false;
    const disk = faultyFiles((_, method) => (full && (method === "write" || method === "sync") ? "ENOSPC" : undefined));
    const log = await openEmbeddedLog({ ...opened, folder: temp.path, files: disk.files });
    await log.createTopic("t");
    await send(log, "t", "before");
    full = true;
    for (let i = 0; i < 3; i++) await expect(log.append("t", [record("lost")])).rejects.toEqual(code("STORAGE_FULL"));
    await expect(log.createTopic("u")).rejects.toEqual(code("STORAGE_FULL"));
    expect(await log.bounds("t", 0)).toEqual({ start: 0n, end: 1n });
    expect((await log.read("t", 0, 0n)).records.map((r) => r.value)).toEqual([Buffer.from(bytes("before"))]);
    full = false;
    expect((await send(log, "t", "after"))[0]!.offset).toBe(1n);
    await log.createTopic("u");
    await log.close();
  });

  it("leaves the process its turns while callers try again at once", async () => {
    await using temp = await tempFolder();
    let full = false;
    const disk = faultyFiles((_call, method) => (full && method === "write" ? "ENOSPC" : undefined));
    await using log = await openEmbeddedLog({ ...opened, folder: temp.path, files: disk.files });
    await log.createTopic("t");
    full = true;
    setTimeout(() => {
      full = false;
    }, 1);
    let failures = 0;
    const insist = async (): Promise<void> => {
      while (failures < 10_000)
        try {
          return void (await log.append("t", [record("x")]));
        } catch {
          failures++;
        }
    };
    await insist();
    expect(full).toBe(false);
  });
});
