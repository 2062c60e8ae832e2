import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../../src/engine/query-engine.ts";
import { type StructType, structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { defined } from "../../../src/table/delta/definition/definition.ts";
import { type CommitActions, parseCommit } from "../../../src/table/delta/log/actions.ts";
import type { CreateOptions } from "../../../src/table/table.ts";
import { deltaTable, logKey } from "../../support/delta-table.ts";
import { metaData } from "../../support/made-delta-table.ts";

const PLACES = structType([
  { name: "country", type: "string" },
  { name: "day", type: "date" },
  { name: "at", type: structType([{ name: "x", type: "double" }]) },
]);

describe("a table's definition", () => {
  let engine: QueryEngine;
  beforeAll(() => {
    engine = createDuckDbEngine({ threads: 1 });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const store = createMemoryStore;
  const create = (options: Partial<CreateOptions>) =>
    deltaTable(store(), engine).create({ schema: PLACES, ...options });
  const created = async (options: Partial<CreateOptions>): Promise<CommitActions> => {
    const at = store();
    await deltaTable(at, engine).create({ schema: PLACES, ...options });
    return parseCommit(await at.get(logKey(0)), { table: "t", file: "0" });
  };

  it("says by which columns a table is partitioned", async () => {
    const { metaData, commitInfo } = await created({ partitionColumns: ["day", "country"] });
    expect(metaData?.partitionColumns).toEqual(["day", "country"]);
    expect(commitInfo?.operationParameters).toMatchObject({ partitionBy: '["day","country"]' });
    expect(await create({ partitionColumns: ["day"] })).toMatchObject({ partitionColumns: ["day"] });
  });

  it.each([
    [["month"], "no column"],
    [["at"], "no simple type"],
    [["day", "day"], "twice"],
  ])("refuses %j as partition columns", async (partitionColumns, why) => {
    const refused = create({ partitionColumns });
    await expect(refused).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(why) });
  });

  it("keeps a column out of the partition", async () => {
    const schema = structType([{ name: "only", type: "string" }]);
    await expect(create({ schema, partitionColumns: ["only"] })).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each([
    ["delta.nonsense", "true", "none that Delta knows"],
    ["Delta.appendOnly", "true", "none that Delta knows"],
    ["delta.appendOnly", "yes", "true or false"],
    ["delta.checkpointInterval", "0", "from 1"],
    ["delta.checkpointInterval", "ten", "from 1"],
    ["delta.logRetentionDuration", "3 moons", "interval"],
    ["delta.columnMapping.mode", "position", "name"],
    ["delta.columnMapping.maxColumnId", "7", "by themselves"],
    ["delta.feature.deletionVectors", "maybe", "supported"],
  ])("refuses the property %s = %s", async (name, value, why) => {
    const refused = { code: "USAGE", message: expect.stringContaining(why) };
    await expect(create({ configuration: { [name]: value } })).rejects.toMatchObject(refused);
    const table = deltaTable(store(), engine);
    await table.create({ schema: PLACES });
    await expect(table.touch({ operation: "X", configuration: { [name]: value } })).rejects.toMatchObject(refused);
    expect(await table.snapshot()).toMatchObject({ version: 0, configuration: {} });
  });

  it("keeps properties of others, and Delta's own that are right", async () => {
    const configuration = { "my.own": "x", "delta.appendOnly": "TRUE", "delta.dataSkippingNumIndexedCols": "-1" };
    expect(await create({ configuration })).toMatchObject({ configuration });
  });

  it("gives every field an id and a name for files where columns are mapped", async () => {
    const { metaData, protocol } = await created({ configuration: { "delta.columnMapping.mode": "name" } });
    const ids: unknown[] = [];
    const names: unknown[] = [];
    JSON.parse(metaData?.schemaString ?? "", (key, value) => {
      if (key === "delta.columnMapping.id") ids.push(value);
      if (key === "delta.columnMapping.physicalName") names.push(value);
      return value;
    });
    expect(ids.sort()).toEqual([1, 2, 3, 4]);
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^col-[0-9a-f-]{36}$/);
    expect(metaData?.configuration).toMatchObject({ "delta.columnMapping.maxColumnId": "4" });
    expect(protocol).toEqual({
      minReaderVersion: 2,
      minWriterVersion: 7,
      writerFeatures: ["appendOnly", "columnMapping", "invariants"],
    });
  });

  it("maps the columns of a table that is there to the names that its files have, and only once", async () => {
    const table = deltaTable(store(), engine);
    await table.create({ schema: PLACES });
    const touch = (mode: string) =>
      table.touch({ operation: "SET TBLPROPERTIES", configuration: { "delta.columnMapping.mode": mode } });
    await touch("name");
    const { schema } = await table.snapshot();
    expect(schema.fields.map(({ metadata }) => metadata)).toEqual([
      { "delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "country" },
      { "delta.columnMapping.id": 2, "delta.columnMapping.physicalName": "day" },
      { "delta.columnMapping.id": 3, "delta.columnMapping.physicalName": "at" },
    ]);
    await touch("name");
    expect(await table.snapshot()).toMatchObject({ schema });
    await expect(touch("none")).rejects.toMatchObject({ code: "USAGE" });
  });

  it("never gives an id twice, also when its field is gone", () => {
    const mapped = (schema: StructType, before?: ReturnType<typeof defined>) =>
      defined(
        "t",
        {
          ...metaData(schema, { configuration: { "delta.columnMapping.mode": "name" } }).metaData,
        },
        before,
      );
    const first = mapped(PLACES);
    const again = mapped(structType([{ name: "new", type: "long" }]), first);
    expect(JSON.parse(again.metaData.schemaString).fields[0].metadata).toMatchObject({ "delta.columnMapping.id": 5 });
    expect(again.metaData.configuration).toMatchObject({ "delta.columnMapping.maxColumnId": "5" });
    const same = defined("t", again.metaData, again);
    expect(same).toEqual(again);
  });

  it("raises the protocol for what a property needs, and a feature that is asked for is no property", async () => {
    const at = store();
    const table = deltaTable(at, engine);
    await table.create({ schema: PLACES });
    const configuration = { "delta.feature.vacuumProtocolCheck": "supported" };
    await table.touch({ operation: "SET TBLPROPERTIES", configuration });
    expect(await table.snapshot()).toMatchObject({ configuration: {} });
    expect(parseCommit(await at.get(logKey(1)), { table: "t", file: "1" }).protocol).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ["vacuumProtocolCheck"],
      writerFeatures: ["appendOnly", "invariants", "vacuumProtocolCheck"],
    });
  });

  it("refuses what we cannot keep by name", async () => {
    for (const property of ["delta.enableRowTracking", "delta.enableIcebergCompatV2"])
      await expect(create({ configuration: { [property]: "true" } })).rejects.toMatchObject({
        code: "TABLE_UNSUPPORTED",
      });
  });
});
