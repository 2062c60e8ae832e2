import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { openDeltaTable, rowsFrom, structType } from "../../../src/app/delta.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const schema = structType([
  { name: "id", type: "long" },
  { name: "name", type: "string" },
]);

describe("openDeltaTable of pinlake/delta", () => {
  it("opens the same table by a path and by a file: URL, and puts nothing beside its folder", async () => {
    await using folder = await tempFolder();
    const at = join(folder.path, "a table");
    await using table = await openDeltaTable(at);
    await table.create({ schema });
    await using session = await table.session();
    await table.append(await rowsFrom(session, schema.fields, [{ id: 2n ** 60n, name: "é" }, { id: 1n }]));
    expect(table.location).toBe(at);
    await using again = await openDeltaTable(pathToFileURL(at));
    expect(await Array.fromAsync(again.read({ sql: "SELECT * FROM t ORDER BY id DESC" }))).toEqual([
      { id: 2n ** 60n, name: "é" },
      { id: 1n, name: null },
    ]);
    expect(existsSync(join(folder.path, "_delta_log"))).toBe(false);
    expect(existsSync(join(folder.path, ".pinlake-tmp"))).toBe(false);
  });

  it("works in a store of the caller's with an engine of the caller's, and closes neither", async () => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using store = createMemoryStore();
    {
      await using table = await openDeltaTable({ store, prefix: "lake/t" }, { engine });
      await table.create({ schema });
    }
    await using root = await openDeltaTable({ store }, { engine });
    expect(await root.find()).toBeUndefined();
    await using session = await engine.session();
    await using table = await openDeltaTable({ store, prefix: "lake/t" }, { engine });
    await table.append({ session, sql: "SELECT 1 AS id" });
    expect(await (await table.snapshot()).countRows()).toBe(1);
    expect((await Array.fromAsync(table.history()))[0]).toMatchObject({ operation: "WRITE", engineInfo: "Pinlake" });
  });

  it("reads only files that may hold what is asked for", async () => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using store = createMemoryStore();
    await using table = await openDeltaTable({ store }, { engine });
    await table.create({ schema });
    await using session = await table.session();
    for (const ids of ["1), (5", "6), (9", "NULL), (7"])
      await table.append({ session, sql: `SELECT id FROM (VALUES (${ids})) v(id)` });
    const snapshot = await table.snapshot();
    const within = (min: number | null, max = min) => [{ column: "id", min, max }];
    expect(snapshot.filesWithin(within(5))).toHaveLength(1);
    expect(snapshot.filesWithin(within(7))).toHaveLength(2);
    expect(snapshot.filesWithin(within(10, 99))).toEqual([]);
    expect(snapshot.filesWithin(within(null))).toHaveLength(3);
    const found = table.read({ within: within(7), sql: "SELECT id FROM t WHERE id = 7" });
    expect(await Array.fromAsync(found)).toEqual([{ id: 7n }]);
    expect(await Array.fromAsync(table.read({ within: within(10, 99) }))).toEqual([]);
  });

  it("refuses a URL of another kind by name", async () => {
    await expect(openDeltaTable("s3://bucket/t")).rejects.toMatchObject({ code: "USAGE" });
  });
});
