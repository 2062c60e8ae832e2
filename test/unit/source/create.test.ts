import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import generator from "../../../pinterest/source.ts";
import { defineSource } from "../../../src/define/source.ts";
import { createSource } from "../../../src/source/sqlite/create.ts";
import { importJsonl } from "../../../src/source/sqlite/import-jsonl.ts";
import { openSqliteSource } from "../../../src/source/sqlite.ts";
import { realDataFolder } from "../../support/pinterest.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pinlake-source-"));
});
afterEach(() => rm(folder, { recursive: true }));

const numbers = defineSource({
  tables: [
    {
      name: "numbers",
      key: "ind",
      columns: [
        { name: "ind", type: "integer" },
        { name: "seed", type: "integer" },
      ],
    },
  ],
  *generate({ seed, rows = 3 }) {
    for (let ind = 0; ind < rows; ind++) yield { table: "numbers", row: { ind, seed } };
  },
});

describe("creating a source", () => {
  it("says how many rows each table got", async () => {
    expect(await createSource(numbers, { path: join(folder, "source.db"), seed: 1, rows: 5 })).toEqual([
      { table: "numbers", rows: 5 },
    ]);
  });

  it("refuses to replace one unless told to", async () => {
    const path = join(folder, "deep", "source.db");
    await createSource(numbers, { path, seed: 1 });
    await expect(createSource(numbers, { path, seed: 2 })).rejects.toMatchObject({ code: "SOURCE_EXISTS" });
    await createSource(numbers, { path, seed: 2, replace: true });
    await using source = await openSqliteSource({ path });
    expect(await source.rowByKey("numbers", 0)).toEqual({ ind: 0, seed: 2 });
  });

  it("lets exactly one of several racing makers win", async () => {
    const path = join(folder, "source.db");
    const made = await Promise.allSettled([1, 2, 3, 4, 5].map((seed) => createSource(numbers, { path, seed })));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readdir(folder)).toEqual(["source.db"]);
  });

  it("leaves the old source as it was, and nothing else, when it fails", async () => {
    const path = join(folder, "source.db");
    await createSource(numbers, { path, seed: 1 });
    const before = await readFile(path);
    const broken = {
      ...numbers,
      *generate() {
        yield { table: "numbers", row: { ind: 1, seed: 1 } };
        yield { table: "numbers", row: { ind: 1, seed: 2 } };
      },
    };
    await expect(createSource(broken, { path, seed: 1, replace: true })).rejects.toThrow(/numbers, ind 1/);
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(["source.db"]);
  });

  it("names a file that is missing or no source", async () => {
    await expect(openSqliteSource({ path: join(folder, "none.db") })).rejects.toMatchObject({ code: "SOURCE_MISSING" });
    await writeFile(join(folder, "text.db"), "not a database, and long enough to have a header of one");
    await expect(openSqliteSource({ path: join(folder, "text.db") })).rejects.toMatchObject({ code: "SOURCE_INVALID" });
  });
});

describe("importing JSON Lines", () => {
  const into = () => join(folder, "source.db");

  it("infers each column's type and the key, from plain and compressed files", async () => {
    await writeFile(
      join(folder, "orders.jsonl.gz"),
      gzipSync(
        '{"ind":2,"price":1,"at":"2020-01-01 00:00:00","note":null}\n{"ind":1,"price":1.5,"at":null,"note":"é"}\n',
      ),
    );
    await writeFile(
      join(folder, "wide.jsonl"),
      '{"index":9007199254740993,"tags":["a"],"mixed":1}\n\n{"index":1,"mixed":"x"}',
    );
    await importJsonl({ folder, into: into() });
    await using source = await openSqliteSource({ path: into() });
    const types = (await source.tables()).map(({ name, key, columns }) => ({
      name,
      key,
      types: columns.map((column) => `${column.name} ${column.type}`),
    }));
    expect(types).toEqual([
      { name: "orders", key: "ind", types: ["ind integer", "price real", "at datetime", "note text"] },
      { name: "wide", key: "index", types: ["index integer", "tags text", "mixed text"] },
    ]);
    expect(await Array.fromAsync(source.rows("orders"))).toEqual([
      { ind: 1, price: 1.5, at: null, note: "é" },
      { ind: 2, price: 1, at: "2020-01-01 00:00:00", note: null },
    ]);
    expect(await source.rowByKey("wide", 1)).toEqual({ index: 1, tags: null, mixed: "x" });
    expect((await Array.fromAsync(source.rows("wide")))[1]?.index).toBe(9007199254740993n);
  });

  it("takes the original's own rows, holes in the keys included", async () => {
    const real = realDataFolder();
    if (real === undefined) return;
    await importJsonl({ folder: join(real, "pinterest"), into: into() });
    await using source = await openSqliteSource({ path: into() });
    const counts = await Promise.all((await source.tables()).map(async ({ name }) => [name, await source.count(name)]));
    expect(Object.fromEntries(counts)).toEqual({ pinterest_data: 3173, geolocation_data: 11_154, user_data: 11_154 });
    expect(await source.rowByKey("geolocation_data", 7528)).toMatchObject({ ind: 7528, latitude: -89.9787 });
    expect(await source.rowByKey("pinterest_data", 0)).toBeUndefined();
    const generated = Object.fromEntries(generator.tables.map((table) => [table.name, table]));
    for (const table of await source.tables()) expect(table).toEqual(generated[table.name]);
  });

  it.each([
    ["a line that is no JSON", '{"ind":1}\n{"ind":', /line 2/],
    ["a line that is no object", "[1]", /line 1: it is no JSON object/],
    ["a row without a key", '{"ind":1}\n{"index":2}', /not every row has index or ind/],
    ["a key that comes twice", '{"ind":1}\n{"ind":1}', /t, ind 1/],
  ])("refuses %s, naming the place, and makes nothing", async (_what, text, message) => {
    await writeFile(join(folder, "t.jsonl"), text);
    await expect(importJsonl({ folder, into: into() })).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual(["t.jsonl"]);
  });

  it("refuses a folder without such files", async () => {
    await expect(importJsonl({ folder, into: into() })).rejects.toMatchObject({ code: "SOURCE_INVALID" });
    await expect(importJsonl({ folder: join(folder, "none"), into: into() })).rejects.toMatchObject({
      code: "SOURCE_INVALID",
    });
  });
});
