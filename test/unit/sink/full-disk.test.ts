import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manualClock, systemClock } from "../../../src/clock.ts";
import { PinlakeError } from "../../../src/errors.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { createSink } from "../../../src/sink/sink.ts";
import { openFilesystemStore } from "../../../src/store/filesystem.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { smallDisk } from "../../support/small-disk.ts";
import { differences } from "../../support/sunk-objects.ts";

const limits = { maxRecords: 10, maxBytes: 1024 * 1024, maxAgeMs: 60_000 };
const numbered = (count: number, bytes = 0) =>
  Array.from({ length: count }, (_, n) => ({
    key: null,
    value: Buffer.from(JSON.stringify({ n, filler: "x".repeat(bytes) })),
    headers: [],
    timestampMs: 0,
  }));

describe("when the disk is full", () => {
  it("a flush says so, nothing of an object is left, and all lands once there is room", async () => {
    await using disk = smallDisk(256);
    if (disk === undefined) return;
    await using store = await openFilesystemStore({ root: join(disk.path, "objects") });
    const log = createMemoryLog();
    const sink = createSink({ log, store, limits });
    await log.createTopic("t");
    await log.append("t", numbered(25));
    await sink.flush();
    const filler = join(disk.path, "filler");
    await writeFile(filler, Buffer.alloc(180 * 1024));
    await log.append("t", numbered(20, 8000));
    await expect(sink.flush()).rejects.toMatchObject({ code: "STORAGE_FULL" });
    expect(sink.status().partitions).toMatchObject([{ name: "t", error: { code: "STORAGE_FULL" } }]);
    expect(await readdir(join(disk.path, "objects/.pinlake-tmp"))).toEqual([]);

    await rm(filler);
    await log.append("t", numbered(3));
    await sink.flush();
    expect(await differences(log, store)).toEqual([]);
    expect(sink.status().partitions).toMatchObject([{ name: "t", error: undefined }]);
  });

  it("one partition is tried again with growing pauses while the others go on", async () => {
    const memory = createMemoryStore();
    let full = true;
    const attempts: string[] = [];
    const attempt = (key: string) => {
      attempts.push(key);
      if (full && key.startsWith("topics/unlucky")) throw new PinlakeError("STORAGE_FULL", { path: key });
    };
    const store: ObjectStore = {
      ...memory,
      async putIfAbsent(key, body) {
        attempt(key);
        return memory.putIfAbsent(key, body);
      },
      async writer(key) {
        attempt(key);
        return memory.writer(key);
      },
    };
    const clock = manualClock();
    const log = createMemoryLog();
    const sink = createSink({ log, store, limits, clock, lingerMs: 10 });
    const stop = new AbortController();
    for (const topic of ["unlucky", "lucky"]) {
      await log.createTopic(topic);
      await log.append(topic, numbered(10));
    }
    const running = sink.run(stop.signal);
    const pass = async (ms: number) => {
      for (let i = 0; i < 10; i++) await systemClock.sleep(2).then(() => clock.advance(ms / 10));
    };
    await pass(100);
    const state = () => Object.fromEntries(sink.status().partitions.map(({ name, ...rest }) => [name, rest]));
    expect(state()).toMatchObject({ lucky: { committed: 10n, error: undefined }, unlucky: { committed: 0n } });
    expect(state().unlucky?.error).toMatchObject({ code: "STORAGE_FULL" });

    await pass(300_000);
    const tried = attempts.filter((key) => key.startsWith("topics/unlucky")).length;
    expect(tried).toBeGreaterThan(2);
    expect(tried).toBeLessThan(100);
    full = false;
    await pass(30_000);
    expect(state()).toMatchObject({ unlucky: { committed: 10n, error: undefined } });
    expect(await differences(log, store)).toEqual([]);
    stop.abort();
    await running;
  });
});
