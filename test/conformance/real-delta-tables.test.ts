import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession, SqlValue } from "../../src/engine/query-engine.ts";
import type { DataType } from "../../src/engine/schema.ts";
import type { Snapshot } from "../../src/table/table.ts";
import { deltaFolder } from "../support/delta-table.ts";
import { realDeltaTables } from "../support/real-delta-tables.ts";

/** What is refused, and why nothing better can be done. */
const REFUSED: Readonly<Record<string, { code: string; details: object; why: string }>> = {
  "deltars-err-table_d": {
    code: "TABLE_UNSUPPORTED",
    details: { feature: "catalogOwned" },
    why: "a catalogue that we do not speak to decides which commits count",
  },
  "golden-deltalog-invalid-protocol-version": {
    code: "TABLE_UNSUPPORTED",
    details: { feature: "reader version 99" },
    why: "nobody knows what it means",
  },
  "golden-deltalog-state-reconstruction-without-metadata": {
    code: "TABLE_CORRUPT",
    details: { reason: expect.stringContaining("no metaData") },
    why: "nothing says what its columns are",
  },
  "golden-versions-not-contiguous": {
    code: "TABLE_CORRUPT",
    details: { file: "_delta_log/00000000000000000001.json", reason: expect.stringContaining("missing") },
    why: "a version is missing between two others",
  },
  "kernelrs-table-with-geo": {
    code: "TABLE_UNSUPPORTED",
    details: { feature: "geospatial" },
    why: "the engine has no such type",
  },
  "kernelrs-unshredded-variant": {
    code: "TABLE_UNSUPPORTED",
    details: { feature: "type variant" },
    why: "the engine has no such type",
  },
};

const real = realDeltaTables();
afterAll(() => real[Symbol.dispose]());

describe.skipIf(real.tables.length === 0)("real Delta tables of several writers", () => {
  let engine: QueryEngine;
  let session: QuerySession;
  beforeAll(async () => {
    engine = createDuckDbEngine({ threads: 1 });
    session = await engine.session();
  });
  afterAll(() => engine?.[Symbol.asyncDispose]());

  async function rowsOf(snapshot: Snapshot): Promise<string[]> {
    await snapshot.define(session, "t");
    const { columns, rows } = await session.query("SELECT * FROM t");
    expect(columns.map(({ name }) => name)).toEqual(snapshot.columns.map(({ name }) => name));
    return rows
      .map((row) =>
        JSON.stringify(Object.fromEntries(snapshot.columns.map(({ name, type }, i) => [name, plain(type, row[i]!)]))),
      )
      .sort();
  }

  it.each(real.tables.map((table) => [table.name, table] as const))("%s", async (name, table) => {
    await using opened = await deltaFolder(table.folder, engine);
    const refused = REFUSED[name];
    if (refused !== undefined) {
      const { code, details } = refused;
      await expect(opened.snapshot()).rejects.toMatchObject({ code, details });
      return;
    }
    const snapshot = await opened.snapshot();
    expect(table.expect).not.toBe("error");
    if (table.expect === "files") {
      expect(snapshot.files.map(({ path }) => path)).toEqual(table.files);
      return;
    }
    const found = await rowsOf(snapshot);
    if (table.expected !== undefined) expect(found).toEqual(expectedRows(table.expected));
    expect(await snapshot.countRows()).toBe(found.length);
    for (const [version, rows] of Object.entries(table.rowsByVersion ?? {})) {
      const past = await opened.snapshot({ version: Number(version) });
      if (rows === null) continue;
      expect([version, (await rowsOf(past)).length]).toEqual([version, rows]);
    }
  });
});

const expectedRows = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.stringify(JSON.parse(line)))
    .sort();

/** In the form of expected.ndjson. */
function plain(type: DataType, value: SqlValue): unknown {
  if (value === null) return null;
  if (typeof type !== "string") {
    if (type.type === "array") return (value as SqlValue[]).map((each) => plain(type.elementType, each));
    if (type.type === "map")
      return [...(value as Map<SqlValue, SqlValue>)].map(([k, v]) => [
        plain(type.keyType, k),
        plain(type.valueType, v),
      ]);
    const fields = value as Readonly<Record<string, SqlValue>>;
    return Object.fromEntries(type.fields.map((field) => [field.name, plain(field.type, fields[field.name]!)]));
  }
  if (type === "timestamp" || type === "timestamp_ntz")
    return instant(value as bigint) + (type === "timestamp" ? "Z" : "");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "bigint" ? value.toString() : value;
}

function instant(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5);
  return `${seconds}.${fraction.toString().padStart(6, "0")}`;
}
