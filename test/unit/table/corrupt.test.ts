import { constants } from "node:buffer";
import { describe, expect, it } from "vitest";
import { vectorOf, vectorsFile } from "../../../src/table/delta/files/deletion-vector.ts";
import { deltaTable, keysBelow, logKey } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { LONGS, lines, type MadeTable, madeTable, metaData, protocol } from "../../support/made-delta-table.ts";
import { allRows } from "../../support/table-rows.ts";

const { engine, session } = await engineAndSession();

const UUID = "d2c639aa-8816-431a-aaf6-d3fe2512ff61";

describe("a table with a damaged file", () => {
  /** A v2 checkpoint with a sidecar at version 0 (whose commit is gone), and a commit with a deletion vector after it. */
  async function whole(): Promise<MadeTable> {
    const table = madeTable(session);
    const [a, b] = [
      await table.data("a.parquet", "SELECT range AS n FROM range(4)"),
      await table.data("b.parquet", "SELECT 10 + range AS n FROM range(3)"),
    ];
    await table.data(
      "_delta_log/_sidecars/one.parquet",
      `SELECT {'path': 'a.parquet', 'partitionValues': MAP {}::MAP(VARCHAR, VARCHAR), 'size': ${a.size}::BIGINT, 'modificationTime': 1::BIGINT, 'dataChange': false} AS add`,
    );
    await table.put(
      "_delta_log/00000000000000000000.checkpoint.6c750e24-bbc4-4618-8feb-7cd7d5b9e084.json",
      lines([
        { checkpointMetadata: { version: 0 } },
        { sidecar: { path: "one.parquet", sizeInBytes: 1, modificationTime: 1 } },
        protocol("v2Checkpoint", "deletionVectors"),
        metaData(LONGS),
      ]),
    );
    const { bytes, vectors } = vectorsFile(UUID, [vectorOf([1])]);
    await table.put(`deletion_vector_${UUID}.bin`, bytes);
    await table.log(1, { add: { ...b, deletionVector: vectors[0] } });
    return table;
  }
  const rows = async ({ store }: MadeTable) =>
    (await allRows(session, await deltaTable(store, engine).snapshot(), "ORDER BY n")).map(([n]) => Number(n));
  const expected = [0, 1, 2, 3, 10, 12];

  it("is read when nothing is damaged", async () => {
    expect(await rows(await whole())).toEqual(expected);
  });

  it("never gives other rows when a file is cut anywhere, is missing or is another's: it says which file, and of which version", async () => {
    const table = await whole();
    const keys = await keysBelow(table.store, "t/");
    expect(keys).toHaveLength(6);
    for (const key of keys) {
      const body = await table.store.get(key);
      const name = key.slice("t/".length);
      const ends = [
        0,
        1,
        7,
        Math.floor(body.length / 3),
        Math.floor(body.length / 2),
        body.length - 5,
        body.length - 2,
      ];
      const damaged = [...ends.map((end) => body.subarray(0, end)), Buffer.from("no parquet, and no JSON"), undefined];
      for (const other of damaged) {
        // The end of a line is the end of what was said: a text that is cut there says less, and nobody can tell.
        if (other !== undefined && key.endsWith(".json") && body[other.length - 1] === 10) continue;
        await table.store.delete(key);
        if (other !== undefined) await table.store.put(key, other);
        const error = await rows(table).then(
          (found) => `${name} ${other?.length}: ${found}`,
          (thrown: unknown) => thrown,
        );
        if (other === undefined && name === "_delta_log/00000000000000000001.json") expect(error).toContain("0,1,2,3");
        else if (other === undefined && !name.includes("_delta_log"))
          expect(error).toMatchObject({ code: "TABLE_FILES_MISSING", details: { version: "1", files: [name] } });
        else expect(error).toMatchObject({ code: "TABLE_CORRUPT", details: { reason: expect.any(String) } });
        if (error instanceof Error && name.endsWith(".bin")) expect(error.message).toContain(name);
        if (error instanceof Error && !name.includes("_delta_log")) expect(error.message).toMatch(/version 1/);
        // Of a checkpoint that is gone nobody knows; what is missing then are the versions below it.
        const nameless =
          name.endsWith(".bin") ||
          (other === undefined && (name.includes("checkpoint") || !name.includes("_delta_log")));
        if (error instanceof Error && !nameless) expect(error).toMatchObject({ details: { file: name } });
      }
      await table.store.delete(key);
      await table.store.put(key, body);
    }
    expect(await rows(table)).toEqual(expected);
  });

  it("is refused when a data file is not of the size that its action says", async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT 1::BIGINT AS n");
    await table.log(0, protocol(), metaData(LONGS), { add: { ...add, size: add.size + 1 } });
    await expect(rows(table)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: "a.parquet", reason: expect.stringContaining(`instead of ${add.size + 1}`) },
    });
  });

  it("is refused when a deletion vector's bytes are not those of its CRC-32", async () => {
    const table = await whole();
    const key = `t/deletion_vector_${UUID}.bin`;
    const body = Uint8Array.from(await table.store.get(key));
    body[body.length - 6]! ^= 1;
    await table.store.delete(key);
    await table.store.put(key, body);
    await expect(rows(table)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: "b.parquet", reason: expect.stringContaining("CRC-32") },
    });
  });

  it.each([
    ["no protocol", [metaData(LONGS)]],
    ["a protocol without versions", [{ protocol: {} }, metaData(LONGS)]],
    ["metaData without a schema", [protocol(), { metaData: { id: "0", format: { provider: "parquet" } } }]],
    ["metaData without a format", [protocol(), { metaData: { id: "0", schemaString: JSON.stringify(LONGS) } }]],
    ["a schema that is no JSON", [protocol(), { metaData: { format: { provider: "parquet" }, schemaString: "{" } }]],
  ])("is refused with %s", async (_, actions) => {
    const table = madeTable(session);
    await table.log(0, ...actions);
    await expect(rows(table)).rejects.toMatchObject({ code: "TABLE_CORRUPT" });
  });

  it("is refused by name for a type that is not known", async () => {
    const table = madeTable(session);
    const schema = JSON.parse(JSON.stringify(LONGS).replace('"long"', '"variant"'));
    await table.log(0, protocol(), metaData(schema));
    await expect(rows(table)).rejects.toMatchObject({
      code: "TABLE_UNSUPPORTED",
      details: { feature: "type variant" },
    });
  });

  it("whose log has a line of hundreds of megabytes is read, and refused where that is none of its actions", {
    timeout: 240_000,
  }, async () => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT range AS n FROM range(4)");
    const long = "x".repeat(300_000_000);
    await table.log(0, protocol(), metaData(LONGS), { add: { ...add, tags: { long } } });
    expect(await rows(table)).toEqual([0, 1, 2, 3]);
    await table.put(logKey(1).slice(2), `{"add":{"path":"b","stats":"${long}`);
    await expect(rows(table)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { file: "_delta_log/00000000000000000001.json", reason: expect.stringContaining("line 1") },
    });
    const tooLong = new Uint8Array(constants.MAX_STRING_LENGTH + 2).fill(32);
    await table.put(logKey(1).slice(2), tooLong);
    await expect(rows(table)).rejects.toMatchObject({
      code: "TABLE_CORRUPT",
      details: { reason: "line 1: it has 536870890 bytes, more than can be read" },
    });
  });
});
