import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDeltaTable, structType } from "../../src/app/delta.ts";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { inlineVector } from "../../src/table/delta/files/deletion-vector.ts";
import { madeTable, mapped, metaData, protocol, struct } from "../support/made-delta-table.ts";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

describe("reading tables from the command line", { timeout: 120_000 }, () => {
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await tempFolder();
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  /** When the versions of a table were committed. */
  async function date(table: string, ...times: string[]) {
    for (const [version, time] of times.entries())
      await utimes(join(table, `_delta_log/${String(version).padStart(20, "0")}.json`), new Date(time), new Date(time));
  }

  it("tables read: any Delta table by its path, as of a version or a time, without losing a digit", async () => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using session = await engine.session();
    const made = madeTable(session);
    const sql =
      "SELECT 9007199254740993 + range AS c1, 0.10::DECIMAL(20,2) AS c2, MAP {1::BIGINT: 'a'} AS c3 FROM range(3)";
    const add = { ...(await made.data("a.parquet", sql)), partitionValues: { c4: "x" } };
    const byNumber = { type: "map", keyType: "long", valueType: "string", valueContainsNull: true } as const;
    const schema = struct(
      mapped("big", "long", 1, "c1"),
      mapped("price", "decimal(20,2)", 2, "c2"),
      mapped("by number", byNumber, 3, "c3"),
      mapped("part", "string", 4, "c4"),
    );
    const configuration = { "delta.columnMapping.mode": "name" };
    await made.log(
      0,
      protocol("columnMapping", "deletionVectors"),
      metaData(schema, { configuration, partitionColumns: ["part"] }),
      { add },
    );
    await made.log(1, { remove: add }, { add: { ...add, deletionVector: inlineVector(new Set([0, 1])) } });
    const path = join(folder.path, "foreign table");
    for await (const { key } of made.store.list("t/")) {
      const to = join(path, key.slice("t/".length));
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, await made.store.get(key));
    }
    await date(path, "2024-01-01T00:00:00Z", "2024-01-31T00:00:00Z");
    const read = (...more: string[]) =>
      pinlakeJson<object[]>(["tables", "read", path, "--format", "json", ...more], { cwd: folder.path });
    expect(await read()).toEqual([{ big: "9007199254740995", price: "0.10", "by number": [[1, "a"]], part: "x" }]);
    expect(await read("--version", "0")).toHaveLength(3);
    expect(await read("--at", "2024-01-15T00:00:00Z")).toHaveLength(3);
    expect(await read("--at", "2024-01-31T00:00:00Z")).toHaveLength(1);

    await writeFile(join(path, "a.parquet"), "no parquet");
    const broken = await pinlake(["tables", "read", path], { cwd: folder.path });
    expect([broken.code === 0, broken.out]).toEqual([false, ""]);
    expect(broken.err).toMatch(/a\.parquet.*version 1/);
  });

  it("sql: older versions of our own tables by number and by time", async () => {
    const data = join(folder.path, "data");
    const path = join(data, "tables/answers/country_of_most_followed");
    await using table = await openDeltaTable(path);
    await table.create({ schema: structType([{ name: "n", type: "long" }]) });
    await using session = await table.session();
    for (const n of [1, 2]) await table.append({ session, sql: `SELECT ${n} AS n` });
    await date(path, "2024-01-01T00:00:00Z", "2024-01-31T00:00:00Z", "2024-02-01T00:00:00Z");
    const sum = async (name: string) =>
      await pinlakeJson([
        "sql",
        `SELECT sum(n)::BIGINT AS n FROM "answers.country_of_most_followed@${name}"`,
        "--data",
        data,
      ]);
    expect(await sum("v1")).toEqual([{ n: 1 }]);
    expect(await sum("20240131000000000")).toEqual([{ n: 1 }]);
    expect(await sum("20240131235959999")).toEqual([{ n: 1 }]);
    expect(await sum("20240201000000000")).toEqual([{ n: 3 }]);
    const before = await pinlake([
      "sql",
      'SELECT * FROM "answers.country_of_most_followed@20231231235959999"',
      "--data",
      data,
    ]);
    expect(before.code).not.toBe(0);
    expect(before.err).toContain("2023-12-31T23:59:59.999Z");
  });
});
