import { describe, expect, it } from "vitest";
import { manualClock } from "../../../src/clock.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { createStreamArm } from "../../../src/stream/stream-arm.ts";
import { JOIN_FILES, joinTarget } from "../../../src/stream/upkeep.ts";
import { openDeltaTable } from "../../../src/table/delta/delta-table.ts";
import { red } from "../../support/stream-datasets.ts";
import { put } from "../../support/stream-world.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const files = (count: number, bytes: number) => new Array<number>(count).fill(bytes);

describe("small files", () => {
  it("are left alone while they are few", () => {
    expect(joinTarget(files(2 * JOIN_FILES - 1, 1000))).toBeUndefined();
  });
  it("are joined when they are many", () => {
    expect(joinTarget(files(2 * JOIN_FILES, 1000))).toBeGreaterThan(1000 * JOIN_FILES);
  });
  it("are never joined into larger ones than the largest step, however many there are", () => {
    expect(joinTarget(files(1000, 16 * 1024 * 1024))).toBeUndefined();
  });
  it("cost each row a number of writes that grows with the logarithm of the table only", () => {
    const batch = 100_000;
    let [written, sizes] = [0, [] as number[]];
    const commits = 4096;
    for (let i = 0; i < commits; i++) {
      sizes.push(batch);
      const target = joinTarget(sizes);
      if (target === undefined) continue;
      const joined = sizes.filter((bytes) => bytes * 2 <= target);
      const kept = sizes.filter((bytes) => bytes * 2 > target);
      for (let sum = 0, at = 0; at < joined.length; at++) {
        sum += joined[at] as number;
        if (sum < target && at < joined.length - 1) continue;
        kept.push(sum);
        written += sum;
        sum = 0;
      }
      sizes = kept;
    }
    expect(written / (commits * batch)).toBeLessThan(4);
    expect(sizes.length).toBeLessThan(150);
  });
});

describe("an arm that runs for hours", () => {
  it.each([
    { quarantine: "without a quarantine", values: [{ id: 1, word: "good" }] },
    { quarantine: "with one, which keeps its removed files longer", values: [{ id: 1, word: "good" }, "{broken"] },
  ])("goes on when its tables are vacuumed: $quarantine", async ({ values }) => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using folder = await tempFolder();
    const clock = manualClock(Date.now());
    const log = createMemoryLog();
    const stream = "streaming-test-red";
    await log.createTopic(streamTopic(stream));
    const tables = createMemoryStore();
    const openTable = (prefix: string) => openDeltaTable({ store: tables, prefix, engine, clock, engineInfo: "test" });
    await using arm = createStreamArm({
      log,
      store: createMemoryStore(),
      engine,
      openTable,
      datasets: [red],
      config: { maxRecords: 1000, triggerMs: 0, historyHours: 24 },
      tempFolder: folder.path,
      clock,
    });
    const stop = new AbortController();
    const run = arm.run(stop.signal);
    const caughtUp = async () => Promise.race([arm.caughtUp(stop.signal), run]);
    await clock.advance(3_600_000);
    await put(log, stream, values);
    await caughtUp();
    await put(log, stream, [{ id: 2, word: "later" }]);
    await caughtUp();
    stop.abort();
    await run;
  });
});
