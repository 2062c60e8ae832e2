import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { damagedObjects } from "../../../src/app/check-objects.ts";
import { type Repair, repair } from "../../../src/app/repair.ts";
import { manualClock } from "../../../src/clock.ts";
import { type ConfigInput, configSchema } from "../../../src/define/config.ts";
import { openEmbeddedLog } from "../../../src/log/embedded/embedded-log.ts";
import type { LocalLog } from "../../../src/log/local-log.ts";
import { createSink } from "../../../src/sink/sink.ts";
import { openFilesystemStore } from "../../../src/store/filesystem.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { numbers, send } from "../../support/event-log.ts";
import { differences } from "../../support/sunk-objects.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const HOUR = 3_600_000;
const signal = new AbortController().signal;
const config = configSchema.parse({ log: { segmentBytes: 300 } } satisfies ConfigInput);

/** The log and the objects of a data folder, at work. */
async function at(data: string, work: (log: LocalLog, store: ObjectStore) => Promise<void> = async () => {}) {
  const clock = manualClock(50 * HOUR);
  const folder = { folder: join(data, "log"), stateFile: join(data, "state.db") };
  await using log = await openEmbeddedLog({ ...folder, segmentBytes: 300, clock });
  await using store = await openFilesystemStore({ root: join(data, "objects") });
  const sink = createSink({ log, store, limits: { maxRecords: 10, maxBytes: 1e6, maxAgeMs: 1e6 } });
  await sink.flush();
  await work(log, store);
  await sink.flush();
}

/** What was landed leaves the log. */
async function expire(data: string): Promise<void> {
  const clock = manualClock(500 * HOUR);
  const folder = { folder: join(data, "log"), stateFile: join(data, "state.db") };
  await using log = await openEmbeddedLog({ ...folder, segmentBytes: 300, retentionMs: HOUR, clock });
  await log.removeExpired();
}

const objectsOf = async (data: string): Promise<Map<string, string>> => {
  const root = join(data, "objects/topics/t/partition=0");
  const names = (await readdir(root)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [join(root, name), await readFile(join(root, name), "utf8")] as const)),
  );
};

const repaired = (data: string): Promise<Repair[]> =>
  Array.fromAsync(repair({ config, data, clock: manualClock(0), signal }));

const harms: [string, number, (body: string) => string | undefined][] = [
  ["torn within a line", 1, (body) => body.slice(0, -4)],
  ["without its last lines", 1, (body) => body.split("\n").slice(0, 4).join("\n").concat("\n")],
  ["empty", 1, () => ""],
  ["removed", 1, () => undefined],
  ["torn, as the newest", 2, (body) => body.slice(0, -3)],
  ["removed, as the newest", 2, () => undefined],
  ["removed, as the first", 0, () => undefined],
];

async function harmed(data: string, which: number, harm: (body: string) => string | undefined) {
  await at(data, async (log) => {
    await log.createTopic("t");
    await send(log, "t", ...numbers(0, 25).map((n) => JSON.stringify({ n })));
  });
  const landed = await objectsOf(data);
  expect(landed.size).toBe(3);
  const [path = "", body = ""] = [...landed][which] ?? [];
  const now = harm(body);
  if (now === undefined) await rm(path);
  else await writeFile(path, now);
  return { landed, now };
}

describe("the repair of objects", () => {
  it.each(harms)("has one that is %s landed again, from the log that still holds it", async (_, which, harm) => {
    await using folder = await tempFolder();
    const data = folder.path;
    const { landed, now } = await harmed(data, which, harm);
    const [one, ...more] = await repaired(data);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ what: "objects", lost: [] });
    if (one?.setAside !== undefined) expect(await readFile(one.setAside, "utf8")).toBe(now);
    expect(await repaired(data)).toEqual([]);
    await at(data);
    expect([...(await objectsOf(data)).values()].join("")).toBe([...landed.values()].join(""));
    await at(data, async (log, store) => expect(await differences(log, store)).toEqual([]));
  });

  it("has all of a partition landed again, and gives up what nothing holds any more", async () => {
    await using folder = await tempFolder();
    const data = folder.path;
    const { landed } = await harmed(data, 0, () => undefined);
    await rm(join(data, "objects/topics/t"), { recursive: true });
    expect(await repaired(data)).toMatchObject([{ file: undefined, lost: [] }]);
    await at(data);
    expect([...(await objectsOf(data)).values()].join("")).toBe([...landed.values()].join(""));

    await expire(data);
    await rm(join(data, "objects/topics/t"), { recursive: true });
    const [one] = await repaired(data);
    expect(one?.lost).toMatchObject([{ name: "t", partition: 0, from: "0" }]);
    expect(await repaired(data)).toEqual([]);
  });

  it.each(harms.slice(0, 4))(
    "names what is lost of one that is %s, when the log has let go of it",
    async (_, which, harm) => {
      await using folder = await tempFolder();
      const data = folder.path;
      const { landed } = await harmed(data, which, harm);
      await expire(data);
      const [one] = await repaired(data);
      const [lost] = one?.lost ?? [];
      expect(lost).toMatchObject({ name: "t", partition: 0, to: "20" });
      const from = Number(lost?.from);
      const lines = [...landed.values()].join("").split("\n");
      const expected = lines.map((line, n) =>
        n >= from && n < 20 ? JSON.stringify(`pinlake: the record at offset ${n} was lost`) : line,
      );
      expect([...(await objectsOf(data)).values()].join("")).toBe(expected.join("\n"));
      expect(await repaired(data)).toEqual([]);
      await at(data, async (log, store) => {
        expect(await Array.fromAsync(damagedObjects(store, log, signal))).toEqual([]);
        await send(log, "t", "26");
      });
    },
  );

  it("takes as long as it will: what the stages have not taken stays in the log, however old", async () => {
    await using folder = await tempFolder();
    const data = folder.path;
    await harmed(data, 0, () => undefined);
    const log = { folder: join(data, "log"), stateFile: join(data, "state.db"), segmentBytes: 300 };
    {
      await using opened = await openEmbeddedLog({ ...log, clock: manualClock(50 * HOUR) });
      await send(opened, "t", ...numbers(25, 50).map((n) => JSON.stringify({ n })));
    }
    const clock = manualClock(500 * HOUR);
    for await (const one of repair({ config, data, clock, signal })) {
      expect(one).toMatchObject({ what: "objects", lost: [] });
      await clock.advance(HOUR);
      await setTimeout(100); // for the files of a turn of retention, if there is one
    }
    await using opened = await openEmbeddedLog({ ...log, readOnly: true });
    expect(await opened.bounds("t", 0)).toEqual({ start: 0n, end: 50n });
  });
});
