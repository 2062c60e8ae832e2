import { describe, expect, it } from "vitest";
import { defineConfig } from "../../src/define/config.ts";
import { type DatasetInput, defineDataset, matchesPattern } from "../../src/define/dataset.ts";
import { defineWorkflow, taskOrder } from "../../src/define/workflow.ts";

const dataset: DatasetInput = {
  name: "boat",
  record: { fields: { id: { aliases: ["ident"] }, name: {} }, key: "id", markers: ["name"] },
  key: "id",
  columns: [{ name: "id", type: "BIGINT" }],
};

describe("definitions", () => {
  it("fill in every default", () => {
    expect(defineConfig({}).gateway.port).toBe(8082);
    expect(defineDataset(dataset)).toMatchObject({
      inputs: { topics: ["*.boat"], streams: ["streaming-*-boat"], partitionKeys: ["*-boat"] },
      sql: "boat.sql",
    });
  });

  it("name the key path of each mistake and what is allowed there", () => {
    expect(() => defineConfig({ gateway: { port: 99999 }, strem: {} } as never)).toThrow(
      /gateway.port: .*65535.*"strem"/s,
    );
    expect(() => defineDataset({ ...dataset, columns: [{ name: "id", type: "NUMBER" as never }] })).toThrow(
      /dataset "boat": columns.0.type: must be STRING, BIGINT/,
    );
    expect(() => defineDataset({ ...dataset, key: "ident" })).toThrow(/key: "ident" is no column \(id\)/);
    expect(() => defineDataset({ ...dataset, columns: [{ name: "id", type: "ARRAY<BIGINT>" }] })).toThrow(
      /key: "id" is an ARRAY/,
    );
    const fields = { id: {}, Id: {} };
    expect(() => defineDataset({ ...dataset, record: { fields, key: "id" } })).toThrow(/"Id" stands twice for SQL/);
    for (const name of ["file_index", "file_row_number"])
      expect(() =>
        defineDataset({ ...dataset, columns: [...dataset.columns, { name, type: "BIGINT" as const }] }),
      ).toThrow(new RegExp(`"${name}" is a name that engines use`));
  });

  it("refuse tasks that wait in a circle or for nobody", () => {
    const task = (after: string[]) => ({ kind: "flush" as const, after });
    expect(() => defineWorkflow({ name: "w", tasks: { a: task(["b"]), b: task(["a"]) } })).toThrow(/circle/);
    expect(() => defineWorkflow({ name: "w", tasks: { a: task(["c"]) } })).toThrow(/there is no task "c"/);
    expect(taskOrder({ a: { after: ["b"] }, b: { after: [] } })).toEqual(["b", "a"]);
  });

  it("match names by pattern, whole and without surprises", () => {
    expect(matchesPattern("*.pin", "0a1.pin")).toBe(true);
    expect(matchesPattern("*.pin", "0a1xpin")).toBe(false);
    expect(matchesPattern("streaming-*-pin", "streaming-x-pin-2")).toBe(false);
  });
});
