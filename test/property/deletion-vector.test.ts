import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  inlineVector,
  parseFileVector,
  parseInlineVector,
  vectorFile,
  vectorFileText,
  vectorOf,
  vectorsFile,
} from "../../src/table/delta/files/deletion-vector.ts";
import { formatRoaring, parseRoaring } from "../../src/table/delta/files/roaring-bitmap.ts";
import { formatZ85, parseZ85 } from "../../src/table/delta/files/z85.ts";
import { type AddFile, parseCommit } from "../../src/table/delta/log/actions.ts";
import { realDeltaTables } from "../support/real-delta-tables.ts";
import { runs } from "../support/run-length.ts";

const UUID = "d2c639aa-8816-431a-aaf6-d3fe2512ff61";

/** Rows in clusters, so that there are arrays, bitmaps and several buckets. */
const rows = fc
  .array(
    fc.record({
      base: fc.oneof(fc.nat(70_000), fc.nat(2 ** 32), fc.maxSafeNat()),
      count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 3500, max: 5000 })),
      step: fc.integer({ min: 1, max: 20 }),
    }),
    { maxLength: 4 },
  )
  .map((clusters) => {
    const set = new Set<number>();
    for (const { base, count, step } of clusters)
      for (let i = 0; i < count; i++) if (base + i * step <= Number.MAX_SAFE_INTEGER) set.add(base + i * step);
    return set;
  });
const sorted = (set: ReadonlySet<number>) => [...set].sort((a, b) => a - b);

it("reads Z85 as it was written, and the example of its specification", () => {
  expect(formatZ85(Buffer.from("864fd26fb559f75b", "hex"))).toBe("HelloWorld");
  expect(vectorFileText(UUID)).toBe("^-aqEH.-t@S}K{vb[*k^");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect([...parseZ85(formatZ85(bytes)).subarray(0, bytes.length)]).toEqual([...bytes]);
    }),
    runs(),
  );
  for (const text of ["abcd", "%%%%%", "ab cd", "#####"]) expect(() => parseZ85(text)).toThrow();
});

it("reads from a deletion vector the rows that were written, in the action or in a file with others", () => {
  fc.assert(
    fc.property(fc.array(rows, { minLength: 1, maxLength: 3 }), (sets) => {
      const file = vectorsFile(UUID, sets.map(vectorOf));
      for (const [i, set] of sets.entries()) {
        expect(parseInlineVector(inlineVector(set))).toEqual(sorted(set));
        expect(parseFileVector(file.bytes, file.vectors[i]!)).toEqual(sorted(set));
        expect(file.vectors[i]).toMatchObject({ cardinality: set.size });
        expect(vectorFile(file.vectors[i]!)).toBe(`deletion_vector_${UUID}.bin`);
      }
    }),
    runs(60),
  );
});

it("refuses a vector of whose bytes any is cut off, added or changed", () => {
  fc.assert(
    fc.property(rows, fc.nat(), fc.integer({ min: 1, max: 255 }), (set, at, change) => {
      const { bytes, vectors } = vectorsFile(UUID, [vectorOf(set)]);
      const vector = vectors[0]!;
      expect(() => parseFileVector(bytes.subarray(0, at % bytes.length), vector)).toThrow();
      const changed = Uint8Array.from(bytes);
      changed[at % bytes.length]! ^= change;
      expect(() => parseFileVector(changed, vector)).toThrow();
      expect(() => parseFileVector(bytes, { ...vector, sizeInBytes: vector.sizeInBytes + change })).toThrow();
      expect(() => parseFileVector(bytes, { ...vector, cardinality: vector.cardinality + change })).toThrow();
      const roaring = formatRoaring(set);
      expect(() => parseRoaring(roaring.subarray(0, at % roaring.length), set.size)).toThrow();
      expect(() => parseRoaring(Buffer.concat([roaring, Buffer.alloc(1)]), set.size)).toThrow();
    }),
    runs(60),
  );
});

it("ends soon on bytes of any kind, with rows or an error", () => {
  const head = Buffer.from("d1d33964", "hex");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
      try {
        expect(parseRoaring(Buffer.concat([head, tail]), 5)).toHaveLength(5);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    runs(2000),
  );
});

describe("containers of runs", () => {
  const vector = (bitmap: string) => Buffer.from(`d1d339640100000000000000${"00000000"}${bitmap}`, "hex");

  it("are read without a table of offsets when they are few", () => {
    // Cookie 12347, one container, its flag; key 0, 5 rows; two runs: 3..5 and 10..11.
    const few = vector(`3b300000${"01"}${"00000400"}${"0200"}${"03000200"}${"0a000100"}`);
    expect(parseRoaring(few, 5)).toEqual([3, 4, 5, 10, 11]);
    const overlapping = vector(`3b300000${"01"}${"00000400"}${"0200"}${"03000200"}${"05000100"}`);
    expect(() => parseRoaring(overlapping, 5)).toThrow();
  });

  it("are read with one from four containers on, beside arrays", () => {
    const keys = [0, 1, 2, 3].map((key) => `0${key}000000`).join("");
    const many = vector(`3b300300${"08"}${keys}${"00".repeat(16)}${"0700"}${"0800"}${"0900"}${"0100"}${"0a000000"}`);
    expect(parseRoaring(many, 4)).toEqual([7, 65_536 + 8, 131_072 + 9, 196_608 + 10]);
  });
});

describe("deletion vectors of real tables", () => {
  const real = realDeltaTables();
  afterAll(() => real[Symbol.dispose]());

  it.skipIf(real.tables.length === 0)("are read, every one that is whole: as many rows as they say", () => {
    // Its last digits stand for no four bytes; the version that has it is read by nobody.
    const broken = "^Bg9^0rr910000000000iXQKl0rr91000005c8Xg##093";
    let [inline, inFiles] = [0, 0];
    for (const { folder } of real.tables) {
      const adds = readdirSync(join(folder, "_delta_log"))
        .filter((name) => /^\d{20}\.json$/.test(name))
        .flatMap((file) =>
          [parseCommit(readFileSync(join(folder, "_delta_log", file)), { table: folder, file })].flatMap(
            ({ adds: of }): readonly AddFile[] => of,
          ),
        );
      for (const { deletionVector: vector } of adds) {
        if (vector == null) continue;
        if (vector.pathOrInlineDv === broken) {
          expect(() => parseInlineVector(vector)).toThrow("no Z85");
          continue;
        }
        const file = vectorFile(vector);
        const found =
          file === undefined ? parseInlineVector(vector) : parseFileVector(readFileSync(join(folder, file)), vector);
        expect(found).toHaveLength(vector.cardinality);
        if (file === undefined) inline++;
        else inFiles++;
        expect(parseRoaring(formatRoaring(found), found.length)).toEqual(found);
      }
    }
    expect(inline).toBeGreaterThan(0);
    expect(inFiles).toBeGreaterThan(30);
  });
});
