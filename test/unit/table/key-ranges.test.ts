import { describe, expect, it } from "vitest";
import { type PrimitiveType, structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { equalColumns } from "../../../src/table/delta/write/key-ranges.ts";
import { deltaTable } from "../../support/delta-table.ts";
import { engineAndSession } from "../../support/engine-and-folder.ts";

const { engine, session } = await engineAndSession();

describe("what a merge's condition wants equal", () => {
  const id = [{ target: "id", source: "id" }];
  it.each([
    ["source.id = target.id", id],
    ["TARGET.id=SOURCE.id", id],
    ['target . "a""b" = source."And"', [{ target: 'a"b', source: "And" }]],
    ["target.x BETWEEN 1 AND 2 AND source.id = target.id AND target.y NOT BETWEEN 1 AND 2", id],
    ["target.note = ' OR ' AND source.id = target.id -- OR TRUE", id],
    ["source.or = 1 AND source.id = target.id AND target.end = 1 AND target.case = 2", id],
    ["(source.id = target.id)", []],
    ["source.id = target.id OR TRUE", []],
    ["source.id = target.id AND TRUE OR TRUE", []],
    ["source.end = 1 OR source.case = 1 AND source.id = target.id", []],
    ["CASE WHEN TRUE AND source.id = target.id AND TRUE THEN FALSE ELSE TRUE END", []],
    ["{'a': TRUE AND source.id = target.id AND TRUE}.a = FALSE", []],
    ["[TRUE AND source.id = target.id AND FALSE, TRUE][2]", []],
    ["target.id BETWEEN 0 AND source.id = target.id", []],
    ["target.id = source.id + 1", []],
    ["target.id = source.id::INT", []],
    ["target.id = source.id COLLATE NOCASE", []],
    ["target.id = source.id.x", []],
    ["target.id = source.id IS NOT NULL", []],
    ["NOT source.id = target.id", []],
    ["target.id = target.id", []],
  ])("%s", (on, equal) => expect(equalColumns(on)).toEqual(equal));
});

describe("a merge", () => {
  it.each([
    ["string", ["'07'", "'7'", "' 7'"], "7", 3],
    ["string", ["'2024-1-1'", "'2024-01-01'"], "DATE '2024-01-01'", 2],
    ["long", ["9007199254740993"], "CAST(9007199254740992 AS DOUBLE)", 1],
    ["long", ["7"], "'007'", 1],
    ["long", ["7", "8"], "CAST(7 AS TINYINT)", 1],
    ["byte", ["7"], "CAST(7 AS HUGEINT)", 1],
    ["byte", ["7"], "300", 0],
    ["date", ["'2024-01-01'"], "'2024-1-1'", 1],
    ["date", ["'2024-01-01'"], "TIMESTAMP '2024-01-01 00:00:01'", 0],
  ] as const)("finds every %s in %j that equals %s", async (type, stored, sql, found) => {
    const table = deltaTable(createMemoryStore(), engine);
    await table.create({ schema: structType([{ name: "id", type: type as PrimitiveType }]) });
    for (const value of stored)
      await table.append({ session, sql: `SELECT CAST(${value} AS ${session.typeName(type)}) AS id` });
    const merged = await table.mergeInto(
      { session, sql: `SELECT ${sql} AS id` },
      { on: "source.id = target.id", whenMatched: [{ delete: true }] },
    );
    expect(merged.deleted).toBe(found);
  });
});
