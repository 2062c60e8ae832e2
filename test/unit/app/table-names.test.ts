import { describe, expect, it } from "vitest";
import { findTable, mentions, pastNames, tableNames } from "../../../src/app/table-names.ts";
import type { Dataset } from "../../../src/define/dataset.ts";

const names = tableNames([{ name: "apple" } as Dataset], [{ name: "heaviest" }]);

describe("names of tables", () => {
  it("are a table per dataset and arm, a quarantine per arm, and a table per answer", () => {
    expect(names.map(({ name, prefix }) => [name, prefix])).toEqual([
      ["batch.apple", "batch/apple"],
      ["batch.quarantine", "batch/quarantine"],
      ["stream.apple", "stream/apple"],
      ["stream.quarantine", "stream/quarantine"],
      ["answers.heaviest", "answers/heaviest"],
    ]);
  });

  it("stand for the batch table, or the answer, without their folder", () => {
    expect(findTable(names, "apple").name).toBe("batch.apple");
    expect(findTable(names, "heaviest").name).toBe("answers.heaviest");
    expect(findTable(names, "stream.apple").prefix).toBe("stream/apple");
    expect(() => findTable(names, "pear")).toThrow(/no table "pear".*batch\.apple/);
  });

  it("ask for an older version by number or by time", () => {
    const sql = `SELECT * FROM "apple@v12" JOIN "stream.apple@v3" USING (id), "apple@20240131235959123" WHERE a = 'b@v1' OR "apple@v12" OR "apple@20241301000000000"`;
    expect(pastNames(sql)).toEqual([
      { text: "apple@v12", table: "apple", at: { version: 12 } },
      { text: "stream.apple@v3", table: "stream.apple", at: { version: 3 } },
      {
        text: "apple@20240131235959123",
        table: "apple",
        at: { timestampMs: Date.UTC(2024, 0, 31, 23, 59, 59, 123) },
      },
    ]);
  });

  it("are meant by whole words only", () => {
    expect(mentions("SELECT * FROM Apple", "apple")).toBe(true);
    expect(mentions('SELECT * FROM batch."apple"', "apple")).toBe(true);
    expect(mentions("SELECT pineapple, apples FROM apple_pie", "apple")).toBe(false);
  });
});
