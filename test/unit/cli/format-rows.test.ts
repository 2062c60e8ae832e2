import { describe, expect, it } from "vitest";
import { formatPieces, formatRows } from "../../../src/cli/format-rows.ts";

const table = {
  columns: ["name", "n", "tags"],
  rows: [
    ["plain", 1, null],
    ['a "quoted", one', 20, ["x", "y"]],
    ["two\nlines\u001b[31m", null, []],
  ],
};

describe("rows on stdout", () => {
  it("are one JSON array of objects, keys in column order, NULL null", () => {
    const text = formatRows(table, "json");
    expect(text.endsWith("]\n")).toBe(true);
    expect(text.trimEnd()).not.toContain("\n");
    expect(JSON.parse(text)).toEqual([
      { name: "plain", n: 1, tags: null },
      { name: 'a "quoted", one', n: 20, tags: ["x", "y"] },
      { name: "two\nlines\u001b[31m", n: null, tags: [] },
    ]);
    expect(formatRows({ columns: ["b", "a"], rows: [[1, 2]] }, "json")).toBe('[{"b":1,"a":2}]\n');
  });

  it("are CSV with a header, quotes where needed, LF, NULL empty", () => {
    expect(formatRows(table, "csv")).toBe(
      'name,n,tags\nplain,1,\n"a ""quoted"", one",20,"[""x"",""y""]"\n"two\nlines\u001b[31m",,[]\n',
    );
  });

  it("are aligned for people, numbers to the right, and no record can steer the terminal", () => {
    const lines = formatRows(table, "table").split("\n");
    expect(lines[0]).toBe("name                n  tags");
    expect(lines[2]).toBe("plain               1  NULL");
    expect(lines[4]).toContain("two⏎lines·[31m");
    expect(lines.join("")).not.toContain("\u001b");
  });

  it.each(["json", "csv", "table"] as const)(
    "are the same document whole and piece by piece, as %s",
    async (format) => {
      async function* pieces(...cuts: number[]) {
        let from = 0;
        for (const cut of [...cuts, table.rows.length]) {
          yield { columns: table.columns, rows: table.rows.slice(from, cut) };
          from = cut;
        }
      }
      for (const cuts of [[], [1], [0, 2], [3]])
        expect((await Array.fromAsync(formatPieces(pieces(...cuts), format))).join("")).toBe(formatRows(table, format));
      const none = { columns: ["a"], rows: [] };
      const printed = await Array.fromAsync(
        formatPieces(
          (async function* () {
            yield none;
          })(),
          format,
        ),
      );
      expect(printed.join("")).toBe(formatRows(none, format));
    },
  );

  it("may be none", () => {
    expect(formatRows({ columns: ["a"], rows: [] }, "json")).toBe("[]\n");
    expect(formatRows({ columns: ["a"], rows: [] }, "csv")).toBe("a\n");
  });
});
