import { describe, expect, it } from "vitest";
import type { ColumnStats } from "../../../src/engine/query-engine.ts";
import { type DataType, structType } from "../../../src/engine/schema.ts";
import { mayHold, statsOf } from "../../../src/table/delta/files/skipping.ts";
import { statsJson } from "../../../src/table/delta/files/stats.ts";

function jsonOf(type: DataType, stats: ColumnStats): string {
  const file = { path: "f", rows: 3, bytes: 1, stats: new Map([["c", stats]]) };
  return statsJson(file, structType([{ name: "c", type }]));
}
const boundsOf = (type: DataType, min: string, max: string, rest: ColumnStats = {}) => {
  const { minValues, maxValues } = JSON.parse(jsonOf(type, { min, max, ...rest }));
  return [minValues.c, maxValues.c];
};

describe("the stats of a data file", () => {
  it("count rows and NULLs", () => {
    expect(jsonOf("string", { nullCount: 3 })).toBe(
      '{"numRecords":3,"minValues":{},"maxValues":{},"nullCount":{"c":3}}',
    );
  });

  it("write 64-bit integers and decimals digit by digit", () => {
    expect(jsonOf("long", { min: "-9223372036854775808", max: "9223372036854775807" })).toContain(
      '"minValues":{"c":-9223372036854775808},"maxValues":{"c":9223372036854775807}',
    );
    expect(jsonOf("decimal(38,2)", { min: "-12345678901234567890.10", max: "0.05" })).toContain(
      '"minValues":{"c":-12345678901234567890.10},"maxValues":{"c":0.05}',
    );
  });

  it("leave out bounds that NaN or infinity would break", () => {
    expect(boundsOf("double", "1.5", "2", { hasNan: true })).toEqual([undefined, undefined]);
    expect(boundsOf("double", "-inf", "1e300")).toEqual([undefined, 1e300]);
    expect(boundsOf("float", "-1.5", "inf")).toEqual([-1.5, undefined]);
  });

  it("put both zeros inside the bounds", () => {
    expect(jsonOf("double", { min: "0.0", max: "-0.0" })).toContain('"minValues":{"c":-0.0},"maxValues":{"c":0.0}');
  });

  it("cut timestamps to milliseconds, the upper bound upwards", () => {
    expect(boundsOf("timestamp", "2020-01-01 00:00:00.123456+00", "2020-12-31 23:59:59.999001+00")).toEqual([
      "2020-01-01T00:00:00.123Z",
      "2021-01-01T00:00:00.000Z",
    ]);
    expect(boundsOf("timestamp", "1969-12-31 23:59:59.9995+00", "1969-12-31 23:59:59.9995+00")).toEqual([
      "1969-12-31T23:59:59.999Z",
      "1970-01-01T00:00:00.000Z",
    ]);
    expect(boundsOf("timestamp_ntz", "2020-01-01 00:00:00", "2020-01-01 00:00:00")).toEqual([
      "2020-01-01T00:00:00.000",
      "2020-01-01T00:00:00.000",
    ]);
    expect(boundsOf("timestamp", "infinity", "0044-03-15 (BC) 00:00:00+00")).toEqual([undefined, undefined]);
    expect(boundsOf("date", "2020-02-29", "12020-01-01")).toEqual(["2020-02-29", undefined]);
  });

  it("cut long text to a prefix, the upper bound to one that nothing exceeds", () => {
    const x = "x".repeat(32);
    expect(boundsOf("string", `${x}yz`, `${x}yz`)).toEqual([x, `${x}\u007f`]);
    expect(boundsOf("string", `${x}é`, `${x}é`)).toEqual([x, `${x}\u{10ffff}`]);
    expect(boundsOf("string", `${x}\u{10ffff}a`, `${x}\u{10ffff}a`)).toEqual([x, `${x}\u{10ffff}\u007f`]);
    const faces = "😀".repeat(40);
    expect(boundsOf("string", faces, faces)).toEqual(["😀".repeat(32), `${"😀".repeat(32)}\u{10ffff}`]);
    const highest = "\u{10ffff}".repeat(80);
    expect(boundsOf("string", highest, highest)).toEqual(["\u{10ffff}".repeat(32), undefined]);
  });

  it("have no bounds for booleans, bytes and what is inside lists", () => {
    expect(jsonOf("boolean", { min: "0", max: "1", nullCount: 0 })).toContain('"minValues":{},"maxValues":{}');
    expect(jsonOf("binary", { min: "00", max: "FF", nullCount: 0 })).toContain('"minValues":{},"maxValues":{}');
    expect(jsonOf({ type: "array", elementType: "long", containsNull: true }, { nullCount: 0 })).toContain(
      '"nullCount":{}',
    );
  });

  it("follow structs, and stop at the number of columns that the table indexes", () => {
    const schema = structType([
      { name: "s", type: structType([{ name: "x", type: "long" }]) },
      { name: "y", type: "long" },
      { name: "z", type: "long" },
    ]);
    const one = { min: "1", max: "2", nullCount: 0 };
    const file = {
      path: "f",
      rows: 1,
      bytes: 1,
      stats: new Map([
        ["s.x", one],
        ["y", one],
        ["z", one],
      ]),
    };
    const stats = JSON.parse(statsJson(file, schema, { "delta.dataSkippingNumIndexedCols": "2" }));
    expect(stats.minValues).toEqual({ s: { x: 1 }, y: 1 });
  });
});

describe("skipping files by their stats", () => {
  const add = (stats: string | undefined) => ({
    path: "f",
    partitionValues: {},
    size: 1,
    modificationTime: 0,
    dataChange: true,
    ...(stats === undefined ? {} : { stats }),
  });
  const schema = structType([
    { name: "n", type: "long" },
    { name: "s", type: "string" },
    { name: "t", type: "timestamp" },
  ]);
  const bounds = (column: string, min: string, max: string) =>
    add(`{"numRecords":2,"minValues":{"${column}":${min}},"maxValues":{"${column}":${max}}}`);

  it("takes bounds of a double that was a float for what they stand for", () => {
    const stored = Math.fround(0.1);
    const file = bounds("n", "0.1", "0.1");
    const metadata = { "delta.typeChanges": [{ fromType: "float", toType: "double" }] };
    const fields = [{ name: "n", type: "double" as const, nullable: true, metadata }];
    expect(mayHold(file, [{ column: "n", min: stored, max: stored }], { type: "struct", fields })).toBe(true);
    expect(mayHold(file, [{ column: "n", min: 0.2, max: 0.3 }], { type: "struct", fields })).toBe(false);
    const double = structType([{ name: "n", type: "double" }]);
    expect(mayHold(file, [{ column: "n", min: stored, max: stored }], double)).toBe(false);
  });

  it("compares integers beyond 2^53 exactly", () => {
    const file = bounds("n", "9007199254740993", "9007199254740995");
    expect(mayHold(file, [{ column: "n", min: 9007199254740996n, max: 9007199254740999n }], schema)).toBe(false);
    expect(mayHold(file, [{ column: "n", min: 0n, max: 9007199254740993n }], schema)).toBe(true);
    expect(mayHold(file, [{ column: "n", min: 0n, max: 9007199254740992n }], schema)).toBe(false);
  });

  it("compares text in byte order", () => {
    const file = bounds("s", '"\\uffff"', '"\\uffff"');
    // U+10000 comes after U+FFFF in bytes, before it in UTF-16.
    expect(mayHold(file, [{ column: "s", min: "\u{10000}", max: "\u{10001}" }], schema)).toBe(false);
    expect(mayHold(file, [{ column: "s", min: "a", max: "\u{10000}" }], schema)).toBe(true);
  });

  it("allows for upper bounds of timestamps that others cut to milliseconds", () => {
    const file = bounds("t", '"1970-01-01T00:00:00.001Z"', '"1970-01-01T00:00:00.002Z"');
    expect(mayHold(file, [{ column: "t", min: 2999n, max: 5000n }], schema)).toBe(true);
    expect(mayHold(file, [{ column: "t", min: 3000n, max: 5000n }], schema)).toBe(false);
  });

  it("never skips a file of which nothing is known", () => {
    const range = [{ column: "n", min: 1n, max: 1n }];
    for (const stats of [undefined, "", "null", "{", "[]", '"x"', '{"numRecords":"many","minValues":null}'])
      expect(mayHold(add(stats), range, schema)).toBe(true);
    expect(statsOf(add("garbage"))).toEqual({});
    expect(mayHold(bounds("n", '"a"', '"b"'), range, schema)).toBe(true);
  });
});
