import { describe, expect, it } from "vitest";
import { structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { inlineVector } from "../../../src/table/delta/files/deletion-vector.ts";
import type { Table } from "../../../src/table/table.ts";
import { deltaTable, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { allRows } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

const GRID = 32;
const schema = structType([
  { name: "x", type: "long" },
  { name: "y", type: "long" },
]);

describe("optimize", () => {
  /** Every point of a square once, in `files` files, each with points from everywhere. */
  async function newGrid(files = 4) {
    const store = createMemoryStore();
    const table = deltaTable(store, engine);
    await table.create({ schema });
    for (let file = 0; file < files; file++)
      await table.append({
        session,
        sql: `SELECT i // ${GRID} AS x, i % ${GRID} AS y FROM range(${GRID * GRID}) r(i) WHERE hash(i) % ${files} = ${file}`,
      });
    return { store, table, open: () => deltaTable(store, engine) };
  }

  const points = async (table: Table) =>
    (await allRows(session, await table.snapshot(), "ORDER BY 1, 2")).map(([x, y]) => Number(x) * GRID + Number(y));
  const everyPoint = Array.from({ length: GRID * GRID }, (_, i) => i);

  /** Per file its rows in the order in which they lie. */
  async function perFile(table: Table) {
    const snapshot = await table.snapshot();
    const files: { x: number; y: number }[][] = [];
    for (const { path } of snapshot.files) {
      await snapshot.define(session, "one", { files: [path] });
      const { rows } = await session.query("SELECT x, y FROM one");
      files.push(rows.map(([x, y]) => ({ x: Number(x), y: Number(y) })));
    }
    return files;
  }
  const filesFor = (files: readonly { x: number; y: number }[][], column: "x" | "y", value: number) =>
    files.filter((rows) => {
      const values = rows.map((row) => row[column]);
      return Math.min(...values) <= value && value <= Math.max(...values);
    }).length;

  it("sorts rows by columns when asked, in files that do not overlap", async () => {
    const { table, open } = await newGrid();
    const commit = await table.optimize({ session, sortBy: ["y", "x"], targetRows: 128 });
    expect(commit).toMatchObject({ version: 5, rowsFile: undefined });
    expect(commit?.added).toHaveLength(8);
    expect(commit?.removed.map(({ movedTo }) => movedTo)).toEqual([undefined, undefined, undefined, undefined]);
    const files = await perFile(open());
    for (const rows of files) {
      const keys = rows.map(({ x, y }) => y * GRID + x);
      expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    }
    for (let value = 0; value < GRID; value++) expect(filesFor(files, "y", value)).toBe(1);
    expect(await points(open())).toEqual(everyPoint);
    expect((await Array.fromAsync(table.history({ limit: 1 })))[0]?.operationParameters).toMatchObject({
      sortBy: '["y","x"]',
    });
  });

  it("lays rows so that a value of any of the Z-order's columns is in few files", async () => {
    const { table, open } = await newGrid();
    await table.optimize({ session, zOrderBy: ["x", "y"], targetRows: 64 });
    const files = await perFile(open());
    expect(files).toHaveLength(16);
    for (let value = 0; value < GRID; value++) {
      // Of 16 squares, four have it; ranks of equal values may put some rows beside.
      expect(filesFor(files, "x", value)).toBeLessThanOrEqual(6);
      expect(filesFor(files, "y", value)).toBeLessThanOrEqual(6);
    }
    expect(await points(open())).toEqual(everyPoint);
  });

  it("orders NULLs and a table of one row as well", async () => {
    const { table, open } = await newGrid(1);
    await table.overwrite({ session, sql: "SELECT NULL AS x, NULL AS y" });
    await table.optimize({ session, zOrderBy: ["y", "x"] });
    expect(await allRows(session, await open().snapshot())).toEqual([[null, null]]);
  });

  it("commits group by group, and says that all is done with the last", async () => {
    const { table, open } = await newGrid(6);
    const { files } = await table.snapshot();
    const biggest = Math.max(...files.map(({ bytes }) => bytes));
    const txns = [{ appId: "upkeep", version: 1n }];
    const seen: unknown[] = [];
    const commit = await table.optimize({
      session,
      targetBytes: 2 * biggest,
      commitBytes: 2 * biggest,
      txns,
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toEqual({ done: seen.length, total: seen.length });
    expect(commit?.version).toBe(6 + seen.length);
    expect(commit?.removed).toHaveLength(6);
    expect((await open().snapshot({ version: 7 })).txns.size).toBe(0);
    expect([...(await open().snapshot()).txns]).toEqual([["upkeep", 1n]]);
    expect(await points(open())).toEqual(everyPoint);
  });

  it("writes files anew without the rows that deletion vectors hide, once these are more than a few", async () => {
    for (const [hidden, becomes] of [
      [20, 1],
      [200, 0],
    ] as const) {
      const { store, table, open } = await newGrid(1);
      const [file] = (await table.snapshot()).files;
      const rows = new Set(Array.from({ length: hidden }, (_, i) => i * 3));
      const line = (await new Response(await store.get(logKey(1))).text())
        .split("\n")
        .find((one) => one.includes('"add"'));
      const { add } = JSON.parse(line ?? "") as { add: object };
      const actions = [
        { remove: { path: file?.path, dataChange: true, deletionTimestamp: 1 } },
        { add: { ...add, deletionVector: inlineVector(rows) } },
      ];
      await store.put(logKey(2), new TextEncoder().encode(actions.map((one) => JSON.stringify(one)).join("\n")));
      const before = await points(open());
      expect(before).toHaveLength(GRID * GRID - hidden);
      const commit = await open().optimize({ session });
      expect(commit?.added.length ?? 0).toBe(1 - becomes);
      expect(await points(open())).toEqual(before);
      if (commit !== undefined) expect((await open().snapshot()).files[0]?.rows).toBe(GRID * GRID - hidden);
    }
  });

  it("refuses what it cannot order by", async () => {
    const { table } = await newGrid(1);
    for (const order of [{ sortBy: ["z"] }, { sortBy: ["x"], zOrderBy: ["y"] }, { sortBy: ["x"], maxFiles: 1 }])
      await expect(table.optimize({ session, ...order })).rejects.toMatchObject({ code: "USAGE" });
  });
});
