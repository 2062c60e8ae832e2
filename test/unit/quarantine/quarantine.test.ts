import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { QUARANTINE_COLUMNS } from "../../../src/engine/quarantine-columns.ts";
import type { QueryEngine, QuerySession } from "../../../src/engine/query-engine.ts";
import { listQuarantined, summariseQuarantine } from "../../../src/quarantine/inspect.ts";
import type { Taken } from "../../../src/quarantine/progress.ts";
import { openQuarantine, type Quarantine, type QuarantineRows } from "../../../src/quarantine/quarantine.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { openDeltaTable } from "../../../src/table/delta/delta-table.ts";
import type { Table } from "../../../src/table/table.ts";

let engine: QueryEngine;
let session: QuerySession;
let openTable: (prefix: string) => Table;
let quarantine: Quarantine;
beforeAll(async () => {
  engine = createDuckDbEngine({ threads: 1 });
});
afterAll(() => engine[Symbol.asyncDispose]());
beforeEach(async () => {
  const store = createMemoryStore();
  openTable = (prefix) => openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "test" });
  quarantine = openQuarantine({ openTable, arm: "batch", clock: systemClock });
  session = await engine.session();
  return () => session[Symbol.asyncDispose]();
});

type Bad = readonly [dataset: string, topic: string, partition: number, offset: number, reason?: string];

/** The rows of the batch between two offsets, in a table of a session. */
async function bad(rows: readonly Bad[], name = "bad"): Promise<QuarantineRows> {
  const values = rows.map(([dataset, topic, partition, offset, reason = "not_json"]) => [
    dataset,
    topic,
    partition,
    BigInt(offset),
    reason,
    "what is wrong",
    "raw",
    0n,
  ]);
  await session.defineRows(name, QUARANTINE_COLUMNS, values);
  return { session, name };
}

const taken = (topic: string, partition: number, next: number): Taken => ({ topic, partition, next: BigInt(next) });

async function stored(): Promise<string[]> {
  const { rows } = await listQuarantined({ openTable, session });
  return rows.map(([arm, dataset, topic, partition, offset]) => [arm, dataset, topic, partition, offset].join(" "));
}

describe("the quarantine", () => {
  it("keeps a replayed batch once, in whatever way it is cut again", async () => {
    const rows: Bad[] = [2, 5, 8].map((offset) => ["pin", "t", 0, offset]);
    expect(await quarantine.append({ dataset: "pin", rows: await bad(rows), taken: [taken("t", 0, 9)] })).toBe(3);
    expect(
      await quarantine.append({ dataset: "pin", rows: await bad(rows.slice(0, 2)), taken: [taken("t", 0, 6)] }),
    ).toBe(0);
    expect(
      await quarantine.append({
        dataset: "pin",
        rows: await bad([...rows.slice(1), ["pin", "t", 0, 11]]),
        taken: [taken("t", 0, 12)],
      }),
    ).toBe(1);
    expect(await stored()).toEqual([2, 5, 8, 11].map((offset) => `batch pin t 0 ${offset}`));
  });

  it("knows partitions and datasets apart, also where several datasets share a partition", async () => {
    await quarantine.append({ dataset: "pin", rows: await bad([["pin", "t", 0, 9]]), taken: [taken("t", 0, 10)] });
    await quarantine.append({ dataset: "pin", rows: await bad([["pin", "t", 1, 3]]), taken: [taken("t", 1, 4)] });
    await quarantine.append({ dataset: "geo", rows: await bad([["geo", "t", 0, 3]]), taken: [taken("t", 0, 4)] });
    expect(await stored()).toEqual(["batch geo t 0 3", "batch pin t 0 9", "batch pin t 1 3"]);
  });

  it("makes no commit when there is nothing to keep", async () => {
    expect(await quarantine.append({ dataset: "pin", rows: await bad([]), taken: [taken("t", 0, 9)] })).toBe(0);
    expect(await quarantine.table.find()).toBeUndefined();
  });

  it("keeps everything of several datasets that write at once", async () => {
    const names = ["a", "b", "c", "d", "e"];
    await Promise.all(
      names.map(async (dataset) => {
        for (const offset of [0, 1, 2])
          await quarantine.append({
            dataset,
            rows: await bad([[dataset, "t", 0, offset]], `bad_${dataset}_${offset}`),
            taken: [taken("t", 0, offset + 1)],
          });
      }),
    );
    expect(await stored()).toEqual(names.flatMap((name) => [0, 1, 2].map((offset) => `batch ${name} t 0 ${offset}`)));
  });

  it("replaces one dataset's rows in a rebuild, remembers which, and goes on behind it", async () => {
    await quarantine.append({ dataset: "pin", rows: await bad([["pin", "t", 0, 1]]), taken: [taken("t", 0, 2)] });
    await quarantine.append({ dataset: "geo", rows: await bad([["geo", "t", 0, 1]]), taken: [taken("t", 0, 2)] });
    expect(await quarantine.rebuildBegun("pin")).toBeUndefined();
    for (const rebuild of ["first", "second"]) {
      const rows = await bad([
        ["pin", "t", 0, 0],
        ["pin", "t", 0, 4],
      ]);
      await quarantine.replaceDataset({ dataset: "pin", rows, taken: [taken("t", 0, 5)], rebuild });
      expect(await quarantine.rebuildBegun("pin")).toBe(rebuild);
    }
    expect(await quarantine.rebuildBegun("geo")).toBeUndefined();
    await quarantine.append({
      dataset: "pin",
      rows: await bad([
        ["pin", "t", 0, 4],
        ["pin", "t", 0, 6],
      ]),
      taken: [taken("t", 0, 7)],
    });
    expect(await stored()).toEqual(["batch geo t 0 1", "batch pin t 0 0", "batch pin t 0 4", "batch pin t 0 6"]);
  });

  it("is shown for both arms together, by whatever is asked for", async () => {
    const stream = openQuarantine({ openTable, arm: "stream", clock: systemClock });
    await quarantine.append({
      dataset: "pin",
      rows: await bad([
        ["pin", "it's", 0, 1, "not_json"],
        ["pin", "it's", 0, 2, "missing_key"],
      ]),
      taken: [taken("it's", 0, 3)],
    });
    await stream.append({ dataset: "pin", rows: await bad([["pin", "s", 3, 1]]), taken: [taken("s", 3, 2)] });
    const offsets = async (filter: Parameters<typeof listQuarantined>[1]) =>
      (await listQuarantined({ openTable, session }, filter)).rows.map((row) => `${row[0]} ${row[4]}`);
    expect(await offsets({})).toEqual(["batch 1", "batch 2", "stream 1"]);
    expect(await offsets({ arm: "stream" })).toEqual(["stream 1"]);
    expect(await offsets({ topic: "it's", reason: "missing_key" })).toEqual(["batch 2"]);
    expect(await offsets({ partition: 0, offset: 1n })).toEqual(["batch 1"]);
    expect(await offsets({ limit: 2 })).toEqual(["batch 1", "batch 2"]);
    expect((await summariseQuarantine({ openTable, session })).rows).toEqual([
      ["batch", "pin", "missing_key", 1n],
      ["batch", "pin", "not_json", 1n],
      ["stream", "pin", "not_json", 1n],
    ]);
  });

  it("is empty where no arm has one", async () => {
    expect(await stored()).toEqual([]);
  });
});
