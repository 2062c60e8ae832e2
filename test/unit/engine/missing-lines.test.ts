import { describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { missingLines, offsetRuns } from "../../../src/engine/missing-lines.ts";
import { POSITION_COLUMNS } from "../../../src/engine/quarantine-columns.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const input = (partition: number, startOffset: number, lines: number) => ({
  topic: "t",
  partition,
  startOffset: BigInt(startOffset),
  lines,
});

describe("the lines that a file of rows has no row for", () => {
  it.each([
    ["none when every line has one", [input(0, 5, 3)], ["0 5", "0 6", "0 7"], [[]]],
    ["all when there is no row", [input(0, 5, 2), input(0, 7, 1)], [], [[0, 1], [0]]],
    ["those at the beginning, within, and at the end", [input(0, 0, 6)], ["0 1", "0 2", "0 4"], [[0, 3, 5]]],
    [
      "apart for each object, also where the next begins with the next offset of another partition",
      [input(0, 0, 3), input(1, 2, 3), input(0, 3, 2)],
      ["0 0", "0 1", "1 2", "1 4", "0 4"],
      [[2], [1], [0]],
    ],
    [
      "through objects of which one goes on where another ends",
      [input(0, 0, 2), input(0, 2, 2)],
      ["0 1", "0 2"],
      [[0], [1]],
    ],
  ] as const)("are %s", async (_, inputs, rows, missing) => {
    await using engine = createDuckDbEngine({ threads: 1 });
    await using session = await engine.session();
    await using folder = await tempFolder();
    await session.defineRows(
      "written",
      POSITION_COLUMNS,
      rows.map((row) => {
        const [partition, offset] = row.split(" ");
        return ["t", Number(partition), BigInt(offset ?? "")];
      }),
    );
    const file = await session.writeParquet("SELECT * FROM written", POSITION_COLUMNS, `${folder.path}/a.parquet`);
    const runs = await offsetRuns(session, file);
    expect(runs.reduce((sum, run) => sum + run.rows, 0)).toBe(rows.length);
    expect(missingLines(inputs, runs)).toEqual(missing);
  });
});
