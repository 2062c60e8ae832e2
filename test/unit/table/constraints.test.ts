import { describe, expect, it } from "vitest";
import type { DataType, StructField, StructType } from "../../../src/engine/schema.ts";
import { deltaTable } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";
import { madeTable, metaData, struct } from "../../support/made-delta-table.ts";

const { engine, session } = await engineAndSession();

const field = (name: string, type: DataType, nullable = true): StructField => ({ name, type, nullable, metadata: {} });

describe("a table of others with constraints that cannot be kept here", () => {
  const made = async (schema: StructType, configuration: Record<string, string> = {}) => {
    const table = madeTable(session);
    const add = await table.data("a.parquet", "SELECT 1::BIGINT AS n UNION ALL SELECT 2");
    const protocol = { protocol: { minReaderVersion: 1, minWriterVersion: 3 } };
    await table.log(0, protocol, metaData(schema, { configuration }), { add });
    return deltaTable(table.store, engine);
  };
  const inner = struct(field("x", "long", false));
  const n = field("n", "long");

  it.each<[string, StructType, Record<string, string>]>([
    ["odd", struct(n), { "delta.constraints.odd": "pmod(n, 2) = 1" }],
    ["odd", struct(n), { "delta.constraints.odd": "n" }],
    ["odd", struct(n), { "delta.constraints.odd": "n = 'one' = 2" }],
    ["NOT NULL l.element.x", struct(n, field("l", { type: "array", elementType: inner, containsNull: true })), {}],
    [
      "NOT NULL m.value.x",
      struct(n, field("m", { type: "map", keyType: "string", valueType: inner, valueContainsNull: true })),
      {},
    ],
  ])("takes no rows, and names it: %s", async (name, schema, configuration) => {
    const table = await made(schema, configuration);
    const refused = { code: "TABLE_UNSUPPORTED", message: expect.stringContaining(`the constraint ${name}:`) };
    await expect(table.append({ session, sql: "SELECT 3 AS n" })).rejects.toMatchObject(refused);
    // Rows that are there already keep it, whatever it is.
    expect(await table.delete({ session, where: "n = 2" })).toMatchObject({ deleted: 1 });
    expect(await (await table.snapshot()).countRows()).toBe(1);
  });

  it("takes rows where it can tell that they keep it", async () => {
    const table = await made(struct(n), { "delta.constraints.few": "`N` <= 3 and n in (1, 2, 3)", "x.y": "" });
    await table.append({ session, sql: "SELECT 3 AS n" });
    await expect(table.append({ session, sql: "SELECT 4 AS n" })).rejects.toMatchObject({
      code: "CONSTRAINT_VIOLATED",
      details: { constraint: "few", row: "n = 4" },
    });
  });
});
