import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import type { Dataset } from "../../../src/define/dataset.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { openQuarantine } from "../../../src/quarantine/quarantine.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { openFeed } from "../../../src/stream/feed.ts";
import { createStreamArm } from "../../../src/stream/stream-arm.ts";
import { openTableWriter } from "../../../src/stream/table-writer.ts";
import { noTurn } from "../../../src/stream/upkeep.ts";
import { openDeltaTable } from "../../../src/table/delta/delta-table.ts";
import type { Table } from "../../../src/table/table.ts";
import { crashAtCall } from "../../support/crash-at-call.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";
import { red } from "../../support/stream-datasets.ts";
import { put } from "../../support/stream-world.ts";

const { engine, folder } = await engineAndFolder();
const STREAM = "streaming-test-red";
const EVERYTHING = { targetBytes: 1024 * 1024, targetRows: 1000 };

async function newDisk() {
  const disk = { log: createMemoryLog(), tables: createMemoryStore() };
  await disk.log.createTopic(streamTopic(STREAM));
  return disk;
}

/** One life of a stream table's writer. */
async function openLife(
  { log, tables }: { log: ReturnType<typeof createMemoryLog>; tables: ObjectStore },
  dataset: Dataset = red,
) {
  const openTable = (prefix: string) =>
    openDeltaTable({ store: tables, prefix, engine, clock: systemClock, engineInfo: "test" });
  const table = openTable("stream/red");
  const quarantine = openQuarantine({ openTable, arm: "stream", clock: systemClock });
  const common = { table, quarantine, dataset, datasets: [dataset], engine, clock: systemClock, configuration: {} };
  const writer = openTableWriter({ ...common, tempFolder: folder.path });
  const feed = openFeed({ log, dataset, datasets: [dataset], maxRecords: 1000 });
  feed.restart((await writer.load()).snapshot);
  return {
    table,
    writer,
    /** One micro-batch with whatever the log has. */
    async take() {
      await feed.fill();
      if (feed.waiting().records === 0) return;
      await writer.write(feed.cut());
      feed.settle();
    },
    /** A micro-batch that stores this word for each of these keys. */
    async store(word: string, ids: readonly number[]) {
      await put(
        log,
        STREAM,
        ids.map((id) => ({ id, word })),
      );
      await this.take();
    },
    async rows(): Promise<Record<string, unknown>> {
      await using session = await engine.session({ threads: 1 });
      await (await table.snapshot()).define(session, "stored");
      const rows = await session.rows("SELECT id, word FROM stored ORDER BY id");
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
      return Object.fromEntries(rows.map(({ id, word }) => [String(id), word]));
    },
  };
}

type Life = Awaited<ReturnType<typeof openLife>>;

const threeFiles = async (life: Life) => {
  for (const id of [1, 2, 3]) await life.store("first", [id, id * 10]);
};

async function dataFiles(tables: ObjectStore): Promise<string[]> {
  const names = await Array.fromAsync(tables.list("stream/red/part-"), ({ key }) => key.slice("stream/red/".length));
  return names.sort();
}

describe("a stream table", () => {
  it("with two rows of one key is refused by whoever would go on with it, and says what to do", async () => {
    const disk = await newDisk();
    const life = await openLife(disk);
    await life.store("first", [1, 2]);
    await using session = await engine.session({ threads: 1 });
    await (await life.table.snapshot()).define(session, "stored");
    await life.table.append({ session, sql: "SELECT * FROM stored WHERE id = 2" });
    await expect(openLife(disk)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      message: expect.stringMatching(/3 rows of 2 keys; "pinlake stream rebuild red" makes it anew/),
    });
  });

  it("holds the rows of a micro-batch in the order in which they came, whatever the dataset's SQL does", async () => {
    const disk = await newDisk();
    const life = await openLife(disk, { ...red, select: `${red.select} ORDER BY id DESC` });
    await life.store("first", [3, 1, 2]);
    await using session = await engine.session({ threads: 1 });
    await (await life.table.snapshot()).define(session, "stored", { rowNumber: "row" });
    const { rows } = await session.query("SELECT id, row FROM stored ORDER BY row");
    expect(rows).toEqual([3, 1, 2].map((id, row) => [BigInt(id), row]));
    await life.store("last", [1]);
    expect(await life.rows()).toEqual({ 1: "last", 2: "first", 3: "first" });
  });
});

describe("files that are joined beside the micro-batches", () => {
  it("take the place of theirs between two, and the next ones replace rows in the joined file", async () => {
    const life = await openLife(await newDisk());
    await threeFiles(life);
    const takeTurn = async () => {
      await life.store("meanwhile", [4]);
      return noTurn();
    };
    expect(await life.writer.joinFiles(EVERYTHING, { takeTurn })).toBe(true);
    expect((await life.table.snapshot()).files).toHaveLength(2);
    await life.store("last", [2, 30]);
    const rows = { 1: "first", 2: "last", 3: "first", 4: "meanwhile", 10: "first", 20: "first", 30: "last" };
    expect(await life.rows()).toEqual(rows);
    expect(await life.writer.load()).toMatchObject({ totals: { superseded: 2 } });
  });

  it("hide the rows of theirs that a micro-batch has replaced meanwhile, and nothing is read again", async () => {
    const disk = await newDisk();
    const life = await openLife(disk);
    await threeFiles(life);
    const takeTurn = async () => {
      await life.store("meanwhile", [2]);
      return noTurn();
    };
    expect(await life.writer.joinFiles(EVERYTHING, { takeTurn })).toBe(true);
    const { files } = await life.table.snapshot();
    expect(files.map(({ rows, deletedRows }) => [rows, deletedRows]).sort()).toEqual([
      [1, 0],
      [5, 1],
    ]);
    expect(life.writer.state()).toBeDefined();
    await life.store("last", [2, 30]);
    expect(await life.rows()).toEqual({ 1: "first", 2: "last", 3: "first", 10: "first", 20: "first", 30: "last" });
  });

  it("are dropped when a file of theirs is gone meanwhile; nothing is left behind", async () => {
    const disk = await newDisk();
    const life = await openLife(disk);
    await threeFiles(life);
    const before = await dataFiles(disk.tables);
    const takeTurn = async () => {
      await life.store("meanwhile", [2, 20]);
      return noTurn();
    };
    expect(await life.writer.joinFiles(EVERYTHING, { takeTurn })).toBe(false);
    const active = (await life.table.snapshot()).files.map(({ path }) => path);
    expect(await dataFiles(disk.tables)).toEqual([...new Set([...before, ...active])].sort());
    expect(life.writer.state()).toBeDefined();
    await life.store("last", [2, 30]);
    expect(await life.rows()).toEqual({ 1: "first", 2: "last", 3: "first", 10: "first", 20: "meanwhile", 30: "last" });
  });

  it("are joined with what was there before rows were marked", async () => {
    const disk = await newDisk();
    const older = await openLife(disk);
    await older.table.alter({ unsetProperties: ["delta.enableDeletionVectors"] });
    const life = await openLife(disk);
    expect((await life.table.snapshot()).configuration).toMatchObject({ "delta.enableDeletionVectors": "true" });
    await threeFiles(life);
    await life.store("last", [2, 30]);
    const { files } = await life.table.snapshot();
    expect(files.reduce((sum, { deletedRows }) => sum + deletedRows, 0)).toBe(2);
    expect(await life.rows()).toEqual({ 1: "first", 2: "last", 3: "first", 10: "first", 20: "first", 30: "last" });
  });

  it("are dropped when the table was left to somebody else meanwhile", async () => {
    const disk = await newDisk();
    const life = await openLife(disk);
    await threeFiles(life);
    const before = await dataFiles(disk.tables);
    const takeTurn = async () => {
      life.writer.forget();
      return noTurn();
    };
    expect(await life.writer.joinFiles(EVERYTHING, { takeTurn })).toBe(false);
    expect(await dataFiles(disk.tables)).toEqual(before);
  });

  it.each(["new rows", "a replaced row"])("survive a crash at each call, with %s meanwhile", async (what) => {
    const ids = what === "new rows" ? [4] : [4, 20];
    let calls = Number.POSITIVE_INFINITY;
    // Call 0 is none: that life counts. To die after a call is to die before the next.
    for (let call = 0; call <= calls; call++) {
      const disk = await newDisk();
      const first = await openLife(disk);
      await threeFiles(first);
      await first.writer[Symbol.asyncDispose]();
      const crashing = crashAtCall({ tables: disk.tables }, call === 0 ? undefined : { call, moment: "after" });
      const mortal = async () => {
        const life = await openLife({ ...disk, ...crashing.target });
        const takeTurn = async () => {
          await life.store("meanwhile", ids);
          return noTurn();
        };
        await life.writer.joinFiles(EVERYTHING, { takeTurn });
      };
      await Promise.race([mortal(), crashing.crashed]);
      if (call === 0) calls = crashing.calls();
      const next = await openLife(disk);
      await next.take();
      await next.store("last", [1, 30]);
      const rows = await next.rows();
      const twenty = ids.includes(20) && rows[4] === "meanwhile" ? "meanwhile" : "first";
      expect(rows).toMatchObject({ 1: "last", 2: "first", 3: "first", 10: "first", 20: twenty, 30: "last" });
      await next.writer[Symbol.asyncDispose]();
    }
    expect(calls).toBeGreaterThan(10);
  });

  it("let the micro-batches go on, and end before the stream does", async () => {
    const { log, tables } = await newDisk();
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let ended = false;
    const openTable = (prefix: string): Table => {
      const table = openDeltaTable({ store: tables, prefix, engine, clock: systemClock, engineInfo: "test" });
      return {
        ...table,
        async optimize(options) {
          begun.resolve();
          await gate.promise;
          const joined = await table.optimize(options);
          ended = true;
          return joined;
        },
      };
    };
    await using arm = createStreamArm({
      log,
      store: createMemoryStore(),
      engine,
      openTable,
      datasets: [red],
      config: { maxRecords: 1, triggerMs: 0, historyHours: 24 },
      tempFolder: folder.path,
      clock: systemClock,
    });
    const words = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ id: from + i, word: "w" }));
    const stop = new AbortController();
    const run = arm.run(stop.signal);
    await put(log, STREAM, words(0, 50));
    await begun.promise;
    await put(log, STREAM, words(50, 60));
    await Promise.race([arm.caughtUp(stop.signal), run]);
    expect(ended).toBe(false);
    expect(await (await openTable("stream/red").snapshot()).countRows()).toBe(60);
    stop.abort();
    const waited = await Promise.race([
      run.then(() => "ended"),
      new Promise((resolve) => setTimeout(resolve, 50, "waits")),
    ]);
    expect(waited).toBe("waits");
    gate.resolve();
    await run;
  });
});
