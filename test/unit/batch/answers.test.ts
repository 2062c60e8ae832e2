import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../../src/engine/query-engine.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { batchWorld, type Landed, land } from "../../support/batch-world.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

let engine: QueryEngine;
let folder: TempFolder;
let objects: ObjectStore;
let tables: ObjectStore;
beforeAll(() => {
  engine = createDuckDbEngine({ threads: 1 });
});
afterAll(() => engine[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await tempFolder();
  objects = createMemoryStore();
  tables = createMemoryStore();
  return () => folder[Symbol.asyncDispose]();
});

const world = () => batchWorld({ objects, tables, engine, folder: folder.path });

async function landed(from: number, ...ns: readonly (readonly [ind: number, n: number])[]): Promise<void> {
  const records = ns.map(
    ([ind, n], i): Landed => ({ topic: "a.thing", partition: 0, offset: from + i, made: { kind: "row", ind, n } }),
  );
  await land(objects, records);
  await world().batch.runDataset("thing");
}

describe("answers", () => {
  it("are stored as tables and files, with the versions they rest on", async () => {
    await landed(0, [1, 5], [11, 6], [2, 3]);
    const { batch, openTable } = world();
    expect(await batch.runAnswers()).toEqual([
      { answer: "sums", rows: 2, version: 1, inputs: { thing: 1 } },
      { answer: "biggest", rows: 1, version: 1, inputs: { thing: 1 } },
    ]);
    expect((await batch.storedAnswer("sums")).rows).toEqual([
      [1n, 11n],
      [2n, 3n],
    ]);
    expect((await batch.storedAnswer("biggest")).rows).toEqual([[11n]]);
    expect((await openTable("answers/sums").snapshot()).configuration["pinlake.inputs"]).toBe('{"thing":1}');
    expect((await readdir(`${folder.path}/answers`)).sort()).toEqual([
      "biggest.csv",
      "biggest.json",
      "sums.csv",
      "sums.json",
    ]);
    expect(await readFile(`${folder.path}/answers/sums.csv`, "utf8")).toBe("digit,total\n1,11\n2,3\n");
    expect(JSON.parse(await readFile(`${folder.path}/answers/sums.json`, "utf8"))).toEqual([
      { digit: 1, total: 11 },
      { digit: 2, total: 3 },
    ]);
  });

  it("are not stored again while the tables are the same, and replaced when they are not", async () => {
    await landed(0, [1, 5]);
    await world().batch.runAnswers();
    expect((await world().batch.runAnswers()).map(({ version }) => version)).toEqual([undefined, undefined]);
    await landed(1, [1, 7], [2, 1]);
    expect(await world().batch.runAnswers(["biggest"])).toEqual([
      { answer: "biggest", rows: 1, version: 2, inputs: { thing: 2 } },
    ]);
    expect((await world().batch.storedAnswer("biggest")).rows).toEqual([[7n]]);
    expect((await world().batch.storedAnswer("sums")).rows).toEqual([[1n, 5n]]);
  });

  it("with parameters are computed afresh and not stored", async () => {
    await landed(0, [1, 5], [11, 6], [2, 3]);
    const { batch } = world();
    expect((await batch.answer("sums", { least: "6" })).rows).toEqual([[1n, 6n]]);
    expect((await batch.answer("biggest")).rows).toEqual([[11n]]);
    await expect(batch.storedAnswer("sums")).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
  });

  it("name what there is when something else is asked for", async () => {
    await landed(0, [1, 5]);
    const { batch } = world();
    await expect(batch.answer("nope")).rejects.toThrow(/biggest, sums/);
    await expect(batch.storedAnswer("nope")).rejects.toThrow(/biggest, sums/);
    await expect(batch.answer("sums", { most: "1" })).rejects.toThrow(/least/);
  });

  it("need the tables that they read", async () => {
    await expect(world().batch.runAnswers()).rejects.toMatchObject({ code: "TABLE_NOT_FOUND" });
  });
});
