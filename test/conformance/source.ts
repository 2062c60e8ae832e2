import { describe, expect, it } from "vitest";
import type { SourceRow, SourceTable } from "../../src/define/source.ts";
import type { Source } from "../../src/source/source.ts";

const tables: readonly SourceTable[] = [
  {
    name: "orders",
    key: "index",
    columns: [
      { name: "index", type: "integer" },
      { name: "price", type: "real" },
      { name: "note", type: "text" },
      { name: "placed", type: "datetime" },
    ],
  },
  {
    name: "empty order's",
    key: "ind",
    columns: [{ name: "ind", type: "integer" }],
  },
];

const orders: readonly SourceRow[] = [
  { index: 9, price: 1.5, note: "7", placed: "2020-08-28 03:52:47" },
  { index: 2, price: -89.9787, note: null, placed: null },
  { index: 10, price: 12, note: 'Łódź "🎄"\n', placed: "2018-01-01 00:00:00" },
  { index: 9007199254740993n, price: null, note: "", placed: "2022-12-31 23:59:59" },
];

/** The promises of the Source port. `make` gives a source that holds these tables and rows, given in any order. */
export function sourceConformance(
  name: string,
  make: (tables: readonly SourceTable[], rows: readonly { table: string; row: SourceRow }[]) => Promise<Source>,
): void {
  const open = () =>
    make(
      tables,
      orders.map((row) => ({ table: "orders", row })),
    );

  describe(`${name} keeps the Source promises`, () => {
    it("describes its tables with their keys and column types", async () => {
      await using source = await open();
      expect(await source.tables()).toEqual(tables);
    });

    it("finds a row by its key, with every value's type and the columns in order", async () => {
      await using source = await open();
      for (const order of orders) {
        const found = await source.rowByKey("orders", order.index as number);
        expect(found).toEqual(order);
        expect(Object.keys(found ?? {})).toEqual(["index", "price", "note", "placed"]);
      }
    });

    it("has no row for a key that is not there", async () => {
      await using source = await open();
      expect(await source.rowByKey("orders", 3)).toBeUndefined();
      expect(await source.rowByKey("empty order's", 0)).toBeUndefined();
    });

    it("gives all rows by rising key, not by text", async () => {
      await using source = await open();
      const keys = await Array.fromAsync(source.rows("orders"), (row) => row.index);
      expect(keys).toEqual([2, 9, 10, 9007199254740993n]);
      expect(await Array.fromAsync(source.rows("empty order's"))).toEqual([]);
    });

    it("counts rows", async () => {
      await using source = await open();
      expect(await source.count("orders")).toBe(4);
      expect(await source.count("empty order's")).toBe(0);
    });

    it("names the tables it has when asked for another", async () => {
      await using source = await open();
      await expect(source.rowByKey("nope", 1)).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
      await expect(source.count("nope")).rejects.toThrow(/orders/);
    });

    it("stops giving rows when told to", async () => {
      await using source = await open();
      const stop = new AbortController();
      const rows = source.rows("orders", { signal: stop.signal })[Symbol.asyncIterator]();
      await rows.next();
      stop.abort(new Error("enough"));
      await expect(rows.next()).rejects.toThrow("enough");
    });
  });
}
