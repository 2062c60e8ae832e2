import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../../src/engine/query-engine.ts";
import { cleanTablePrefix } from "../../../src/quarantine/clean-table.ts";
import { quarantinePrefix } from "../../../src/quarantine/quarantine.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import {
  batchWorld,
  type Landed,
  land,
  type Made,
  outcomeOf,
  recount,
  thingDataset,
} from "../../support/batch-world.ts";
import { crashAtCall } from "../../support/crash-at-call.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

let engine: QueryEngine;
let folder: TempFolder;
let objects: ObjectStore;
let tables: ObjectStore;
beforeAll(async () => {
  engine = createDuckDbEngine({ threads: 1 });
  folder = await tempFolder();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
beforeEach(() => {
  objects = createMemoryStore();
  tables = createMemoryStore();
});

const world = (dataset = thingDataset()) => batchWorld({ objects, tables, engine, folder: folder.path, dataset });
const thing = (ind: number, n: number | null = ind): Made => ({ kind: "row", ind, n });
const at = (partition: number, from: number, ...made: Made[]): Landed[] =>
  made.map((what, i) => ({ topic: "a.thing", partition, offset: from + i, made: what }));

describe("a batch run", () => {
  it("says what it counted, and takes nothing twice", async () => {
    const { batch } = world();
    const landed = at(
      0,
      0,
      thing(1),
      thing(2),
      thing(1, 5),
      { kind: "tombstone" },
      { kind: "bad", reason: "negative" },
    );
    await land(objects, landed);
    expect(await batch.runDataset("thing")).toEqual({
      dataset: "thing",
      full: false,
      version: 1,
      events: 5,
      inserted: 2,
      replaced: 0,
      superseded: 1,
      quarantined: 1,
      tombstones: 1,
      warnings: {},
    });
    expect(await batch.runDataset("thing")).toMatchObject({ version: undefined, events: 0 });
    await land(objects, at(0, 5, thing(2, 9), thing(3)));
    expect(await batch.runDataset("thing")).toMatchObject({
      version: 2,
      events: 2,
      inserted: 1,
      replaced: 1,
      superseded: 1,
    });
  });

  it("makes one commit that says how far it went, with running totals, and a table that says what it is", async () => {
    const { batch, openTable } = world();
    await land(objects, [...at(0, 0, thing(1), { kind: "tombstone" }), ...at(1, 0, thing(1, 7))]);
    await batch.runDataset("thing");
    await land(objects, at(1, 1, thing(1, 8)));
    await batch.runDataset("thing");
    const table = openTable(cleanTablePrefix("batch", "thing"));
    const snapshot = await table.snapshot();
    expect(snapshot.version).toBe(2);
    expect(Object.fromEntries(snapshot.txns)).toEqual({ "batch/a.thing/0": 2n, "batch/a.thing/1": 2n });
    expect(snapshot.configuration).toMatchObject({
      "delta.isolationLevel": "Serializable",
      "pinlake.definition": thingDataset().hash,
    });
    expect(snapshot.schema.fields.map(({ name, metadata }) => [name, metadata.comment])).toContainEqual([
      "ind",
      "Which thing",
    ]);
    const metrics = await Array.fromAsync(table.history(), ({ operationMetrics: m }) => [m.superseded, m.tombstones]);
    expect(metrics.slice(0, 2)).toEqual([
      ["2", "1"],
      ["1", "1"],
    ]);
    expect(await batch.taken()).toEqual([
      { dataset: "thing", topic: "a.thing", partition: 0, next: 2n },
      { dataset: "thing", topic: "a.thing", partition: 1, next: 2n },
    ]);
  });

  it("moves on over records of which none is a row", async () => {
    const { batch } = world();
    const landed = at(0, 0, { kind: "tombstone" }, { kind: "bad", reason: "not_json" }, { kind: "tombstone" });
    await land(objects, landed);
    expect(await batch.runDataset("thing")).toMatchObject({ inserted: 0, quarantined: 1, tombstones: 2 });
    expect(await batch.runDataset("thing")).toMatchObject({ version: undefined });
    expect(await outcomeOf(world(), engine, landed)).toEqual(recount(landed));
  });

  it("keeps the stored row when an older record of another partition comes later", async () => {
    const { batch } = world();
    const [first, second] = [at(1, 0, thing(9), thing(9), thing(1, 10)), at(0, 0, thing(1, 20), thing(2, 30))];
    await land(objects, first);
    await batch.runDataset("thing");
    await land(objects, second);
    expect(await batch.runDataset("thing")).toMatchObject({ inserted: 1, replaced: 0, superseded: 1 });
    expect((await outcomeOf(world(), engine, [...first, ...second])).rows).toContain("1 10 a.thing 1 2");
  });

  it("waits for one of the same dataset that is at work", async () => {
    const { batch } = world();
    const landed = at(0, 0, thing(1), { kind: "bad", reason: "negative" }, thing(1, 2));
    await land(objects, landed);
    const runs = await Promise.all([1, 2, 3].map(() => batch.runDataset("thing")));
    expect(runs.map(({ events }) => events)).toEqual([3, 0, 0]);
    expect(await outcomeOf(world(), engine, landed)).toEqual(recount(landed));
  });

  it("loses and doubles nothing when another program does the same work at once", async () => {
    const landed: Landed[] = [];
    for (let round = 0; round < 4; round++) {
      const from = round * 4;
      const more = at(0, from, thing(round), { kind: "bad", reason: "negative" }, thing(1, from), {
        kind: "tombstone",
      });
      await land(objects, more);
      landed.push(...more);
      const others = [1, 2, 3].map((i) => batchWorld({ objects, tables, engine, folder: `${folder.path}/${i}` }));
      const runs = await Promise.all(others.map(({ batch }) => batch.runDataset("thing")));
      expect(runs.map(({ events }) => events).sort()).toEqual([0, 0, 4]);
      expect(await outcomeOf(world(), engine, landed)).toEqual(recount(landed));
    }
  });

  it("goes on after one that failed", async () => {
    const { batch } = world();
    await land(objects, at(0, 0, thing(1)));
    const [failed, done] = await Promise.allSettled([
      batch.runDataset("thing", { signal: AbortSignal.abort(new Error("enough")) }),
      batch.runDataset("thing"),
    ]);
    expect(failed).toMatchObject({ status: "rejected", reason: { message: "enough" } });
    expect(done).toMatchObject({ status: "fulfilled", value: { inserted: 1 } });
  });

  it("leaves no file of its own behind", async () => {
    await land(objects, at(0, 0, thing(1)));
    await world().batch.runDataset("thing");
    expect(await readdir(`${folder.path}/temp`)).toEqual([]);
  });

  it("names the datasets there are when asked for another", async () => {
    await expect(world().batch.runDataset("nope")).rejects.toThrow(/no dataset "nope".*thing/);
  });
});

describe("a rebuild", () => {
  const changed = thingDataset("SELECT parse_bigint(ind) AS ind, parse_bigint(n) * 2 AS n FROM raw");

  it("is demanded by a changed definition, and mends it", async () => {
    const landed = at(0, 0, thing(1, 10), { kind: "bad", reason: "missing_key" });
    await land(objects, landed);
    await world().batch.runDataset("thing");
    await expect(world(changed).batch.runDataset("thing")).rejects.toMatchObject({
      code: "DEFINITION_CHANGED",
      message: expect.stringContaining("pinlake run thing --full"),
    });
    expect(await world(changed).batch.runDataset("thing", { full: true })).toMatchObject({
      inserted: 1,
      quarantined: 1,
    });
    await land(objects, at(0, 2, thing(2, 4)));
    await world(changed).batch.runDataset("thing");
    const outcome = await outcomeOf(world(changed), engine, [...landed, ...at(0, 2, thing(2, 4))]);
    expect(outcome.rows).toEqual(["1 20 a.thing 0 0", "2 8 a.thing 0 2"]);
    expect(outcome.conservation?.ok).toBe(true);
  });

  it("is demanded again when one was killed between its two commits", async () => {
    const landed = at(0, 0, thing(1), { kind: "bad", reason: "missing_key" }, thing(1, 2));
    await land(objects, landed);
    await world().batch.runDataset("thing");
    const counted = crashAtCall({ tables });
    const probe = batchWorld({ objects, tables: counted.target.tables, engine, folder: folder.path });
    await probe.batch.runDataset("thing", { full: true });
    let refused = 0;
    for (let call = 1; call <= counted.calls(); call++) {
      const mortal = crashAtCall({ tables }, { call, moment: "after" });
      const doomed = batchWorld({ objects, tables: mortal.target.tables, engine, folder: folder.path });
      await Promise.race([mortal.crashed, doomed.batch.runDataset("thing", { full: true })]);
      try {
        await world().batch.runDataset("thing");
      } catch (error) {
        expect(error).toMatchObject({ code: "REBUILD_UNFINISHED", message: expect.stringContaining("--full") });
        refused++;
        await world().batch.runDataset("thing", { full: true });
      }
      expect(await outcomeOf(world(), engine, landed)).toEqual(recount(landed));
    }
    expect(refused).toBeGreaterThan(0);
  });

  it("overtaken by a run that took more begins again", async () => {
    const landed = at(0, 0, thing(1), thing(2));
    await land(objects, landed);
    await world().batch.runDataset("thing");
    let reads = 0;
    const slow: ObjectStore = {
      ...objects,
      async *stream(key, options) {
        // The first read is of where the objects end, the second of the records.
        if (++reads === 2) {
          await land(objects, at(0, 2, thing(3)));
          await batchWorld({ objects, tables, engine, folder: `${folder.path}/other` }).batch.runDataset("thing");
        }
        yield* objects.stream(key, options);
      },
    };
    const { batch } = batchWorld({ objects: slow, tables, engine, folder: folder.path });
    expect(await batch.runDataset("thing", { full: true })).toMatchObject({ events: 3 });
    expect(await outcomeOf(world(), engine, [...landed, ...at(0, 2, thing(3))])).toEqual(
      recount([...landed, ...at(0, 2, thing(3))]),
    );
  });

  it("refuses when objects that the table was made of are gone", async () => {
    await land(objects, at(0, 0, thing(1)));
    await land(objects, at(0, 1, thing(2)));
    await world().batch.runDataset("thing");
    await objects.delete("topics/a.thing/partition=0/a.thing+0+0000000001.json");
    await expect(world().batch.runDataset("thing", { full: true })).rejects.toMatchObject({
      code: "OBJECTS_DAMAGED",
      details: { from: 1n, to: 2n },
    });
  });

  it("of nothing is an empty table and an empty quarantine", async () => {
    await world().batch.runDataset("thing", { full: true });
    expect(await outcomeOf(world(), engine, [])).toEqual(recount([]));
    expect(await world().openTable(quarantinePrefix("batch")).find()).toBeDefined();
  });
});
