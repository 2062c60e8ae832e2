import { describe, expect, it } from "vitest";
import { manualClock, systemClock } from "../../../src/clock.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { createStreamArm } from "../../../src/stream/stream-arm.ts";
import { JOIN_FILES, joinTarget } from "../../../src/stream/upkeep.ts";
import { openDeltaTable } from "../../../src/table/delta/delta-table.ts";
import { planCompaction } from "../../../src/table/delta/upkeep/compaction.ts";
import { red } from "../../support/stream-datasets.ts";
import { put } from "../../support/stream-world.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const files = (count: number, bytes: number, rows = Math.ceil(bytes / 400)) =>
  Array.from({ length: count }, (_, i) => ({ path: `f${i}`, bytes, rows, deletedRows: 0 }));

describe("small files", () => {
  it("are left alone while they are few", () => {
    expect(joinTarget(files(2 * JOIN_FILES - 1, 1000))).toBeUndefined();
  });
  it("are joined when they are many", () => {
    expect(joinTarget(files(2 * JOIN_FILES, 1000))?.targetBytes).toBeGreaterThan(1000 * JOIN_FILES);
  });
  it("are never joined into larger ones than the largest step, however many there are", () => {
    expect(joinTarget(files(1000, 16 * 1024 * 1024, 10))).toBeUndefined();
    expect(joinTarget(files(1000, 1000, 100_000))).toBeUndefined();
  });
  it("are left alone when nobody knows their rows", () => {
    expect(joinTarget(files(1000, 1000).map((file) => ({ ...file, rows: undefined })))).toBeUndefined();
  });
  it("are no reason to write others anew, and a full file that lost a twentieth of its rows is", () => {
    const full = { path: "full", bytes: 16 * 1024 * 1024, rows: 9501, deletedRows: 499 };
    expect(joinTarget([...files(3, 1000), full])).toBeUndefined();
    expect(joinTarget([...files(3, 1000), { ...full, rows: 9499, deletedRows: 501 }])).toMatchObject({
      files: ["full"],
    });
  });
  it.each([
    { what: "large rows", bytes: 100_000, rows: 10 },
    { what: "rows of which many fit into little", bytes: 6000, rows: 1000 },
  ])("cost each row a number of writes that grows with the logarithm of the table only: $what", ({ bytes, rows }) => {
    let written = 0;
    let table = files(0, 0);
    const commits = 4096;
    for (let i = 0; i < commits; i++) {
      table.push({ path: `c${i}`, bytes, rows, deletedRows: 0 });
      const target = joinTarget(table);
      if (target === undefined) continue;
      const sized = table.map((file) => ({ ...file, size: file.bytes }));
      const [group = []] = planCompaction(sized, target);
      const joined = { path: `j${i}`, bytes: 0, rows: 0, deletedRows: 0 };
      for (const file of group) {
        joined.bytes += file.bytes;
        joined.rows += file.rows;
      }
      expect(joined.rows).toBeLessThanOrEqual(target.targetRows);
      written += joined.rows;
      table = [...sized.filter((file) => !group.includes(file)), joined];
    }
    expect(written / (commits * rows)).toBeLessThan(4);
    expect(table.length).toBeLessThan(150);
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

  it("takes micro-batches while a checkpoint waits for the disk, and has the checkpoint in the end", async () => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using folder = await tempFolder();
    const log = createMemoryLog();
    const stream = "streaming-test-red";
    await log.createTopic(streamTopic(stream));
    const memory = createMemoryStore();
    const disk = Promise.withResolvers<void>();
    const tables: ObjectStore = {
      ...memory,
      async adoptFile(key, path) {
        if (key.includes(".checkpoint.")) await disk.promise;
        return memory.adoptFile(key, path);
      },
    };
    await using arm = createStreamArm({
      log,
      store: createMemoryStore(),
      engine,
      openTable: (prefix, options) =>
        openDeltaTable({ ...options, store: tables, prefix, engine, clock: systemClock, engineInfo: "test" }),
      datasets: [red],
      config: { maxRecords: 1, triggerMs: 0, historyHours: 24 },
      tempFolder: folder.path,
      clock: systemClock,
    });
    const stop = new AbortController();
    const run = arm.run(stop.signal);
    await put(
      log,
      stream,
      Array.from({ length: 120 }, (_, id) => ({ id, word: "one" })),
    );
    await Promise.race([arm.caughtUp(stop.signal), run]);
    const checkpoints = () => Array.fromAsync(memory.list("stream/red/_delta_log/"), ({ key }) => key);
    expect((await checkpoints()).filter((key) => key.includes(".checkpoint."))).toEqual([]);
    disk.resolve();
    stop.abort();
    await run;
    expect(await checkpoints()).toContainEqual(expect.stringMatching(/0{17}100[.]checkpoint[.]parquet$/));
  });
});
