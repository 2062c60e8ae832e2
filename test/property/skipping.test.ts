import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, SqlValue } from "../../src/engine/query-engine.ts";
import { type PrimitiveType, structType } from "../../src/engine/schema.ts";
import type { AddFile } from "../../src/table/delta/actions.ts";
import { inlineVector } from "../../src/table/delta/deletion-vector.ts";
import { mayHold } from "../../src/table/delta/skipping.ts";
import { stateBehind } from "../../src/table/delta/snapshot.ts";
import { deltaFolder } from "../support/delta-table.ts";
import { realDeltaTables } from "../support/real-delta-tables.ts";
import { runs } from "../support/run-length.ts";

const schema = structType([
  { name: "n", type: "long" },
  { name: "s", type: "string" },
  { name: "d", type: "date" },
  { name: "t", type: "timestamp" },
  { name: "f", type: "double" },
]);

interface Row {
  readonly n: bigint;
  readonly s: string;
  readonly d: string;
  readonly t: bigint;
  readonly f: number;
}

const row: fc.Arbitrary<Row> = fc.record({
  n: fc.oneof(fc.bigInt(-5n, 5n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  s: fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "\u007f", "\u{10ffff}", "é", "\u{1f41f}"), maxLength: 3 }),
    fc.string({ unit: fc.constantFrom("a", "\u{1f41f}"), minLength: 30, maxLength: 40 }),
  ),
  d: fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
  t: fc.oneof(fc.bigInt(-3000n, 3000n), fc.bigInt(-62135596800000000n, 253402300799999999n)),
  f: fc.double(),
});

const least = <T>(values: readonly T[], before: (a: T, b: T) => boolean): T =>
  values.reduce((a, b) => (before(b, a) ? b : a));
const bytesBefore = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Cut to the millisecond, as most writers do, or to the microsecond, or without its zone. */
function instant(micros: bigint, form: number): string {
  const ms = micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n;
  const iso = new Date(Number(ms)).toISOString();
  if (form === 1) return iso.replace("Z", `${(micros - ms * 1000n).toString().padStart(3, "0")}Z`);
  return form === 2 ? iso.slice(0, -1) : form === 3 ? iso.replace("Z", "+00:00") : iso;
}

/** At least as great as every text that begins so, in at most 32 characters and one more. */
function cutMax(text: string): string | undefined {
  const points = [...text];
  if (points.length <= 32) return text;
  return `${points.slice(0, 32).join("")}\u{10ffff}`;
}

/** Stats as somebody may write them: right, but not all of them. */
function statsOf(rows: readonly Row[], form: number, left: readonly string[]): string {
  const all = <T>(of: (row: Row) => T) => rows.map(of);
  const min = {
    n: rawJSON(
      String(
        least(
          all((r) => r.n),
          (a, b) => a < b,
        ),
      ),
    ),
    s: [
      ...least(
        all((r) => r.s),
        bytesBefore,
      ),
    ]
      .slice(0, 32)
      .join(""),
    d: least(
      all((r) => r.d),
      (a, b) => a < b,
    ),
    t: instant(
      least(
        all((r) => r.t),
        (a, b) => a < b,
      ),
      form,
    ),
    f: 0,
  };
  const max = {
    n: rawJSON(
      String(
        least(
          all((r) => r.n),
          (a, b) => a > b,
        ),
      ),
    ),
    s: cutMax(
      least(
        all((r) => r.s),
        (a, b) => bytesBefore(b, a),
      ),
    ),
    d: least(
      all((r) => r.d),
      (a, b) => a > b,
    ),
    t: instant(
      least(
        all((r) => r.t),
        (a, b) => a > b,
      ),
      form,
    ),
    f: 0,
  };
  const some = (values: object) => Object.fromEntries(Object.entries(values).filter(([name]) => left.includes(name)));
  return JSON.stringify({ numRecords: rows.length, minValues: some(min), maxValues: some(max), tightBounds: false });
}

const names = ["n", "s", "d", "t", "f"] as const;
const compare = (a: SqlValue, b: SqlValue): boolean =>
  typeof a === "string" ? !bytesBefore(b as string, a) : (a as bigint) <= (b as bigint);

it("never skips a file that holds a row of the ranges asked for, whatever its stats leave out", () => {
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      fc.array(fc.tuple(fc.constantFrom(...names), row, row), { minLength: 1, maxLength: 3 }),
      fc.nat(3),
      fc.subarray([...names]),
      fc.boolean(),
      fc.option(
        fc.constantFrom(
          "",
          "{",
          "null",
          "[]",
          "3",
          '{"minValues":"abc","maxValues":null}',
          '{"numRecords":"x","minValues":{"n":{},"s":5,"d":"x","t":"x"}}',
        ),
      ),
      fc.nat(5),
      (rows, asked, form, left, deleted, broken, pick) => {
        // Half of the ranges begin at a row that is there.
        const there = rows[pick % rows.length]!;
        const ranges = asked.map(([column, a, b], i) => {
          const [x, y] = [i % 2 === 0 ? there[column] : a[column], b[column]];
          return compare(x, y) ? { column, min: x, max: y } : { column, min: y, max: x };
        });
        const add: AddFile = {
          path: "a",
          partitionValues: {},
          size: 1,
          modificationTime: 0,
          dataChange: true,
          stats: broken ?? statsOf(rows, form, left),
          ...(deleted ? { deletionVector: inlineVector(new Set([0])) } : {}),
        };
        const held = rows
          .slice(deleted ? 1 : 0)
          .some((each) =>
            ranges.every(
              ({ column, min, max }) => column === "f" || (compare(min, each[column]) && compare(each[column], max)),
            ),
          );
        if (held) expect(mayHold(add, ranges, schema)).toBe(true);
      },
    ),
    runs(2000),
  );
});

it("skips by the stats of the column that is meant when columns are mapped", () => {
  const mapping = { "delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "b" };
  const mappedSchema = {
    type: "struct" as const,
    columnMapping: "name" as const,
    fields: [{ name: "a", type: "long" as const, nullable: true, metadata: mapping }],
  };
  const stats = JSON.stringify({ minValues: { a: 1, b: 10 }, maxValues: { a: 2, b: 20 } });
  const add = { path: "a", partitionValues: {}, size: 1, modificationTime: 0, dataChange: true, stats };
  const at = (value: bigint) => mayHold(add, [{ column: "a", min: value, max: value }], mappedSchema);
  expect([at(1n), at(15n), at(21n)]).toEqual([false, true, false]);
});

/** Its writer gave a minimum that is above rows of the file: whoever believes stats misses them. */
const WRONG = "deltars-issue_1374";
const RANGED: readonly (PrimitiveType | object)[] = ["long", "integer", "short", "byte", "string", "date", "timestamp"];

describe("the stats of real tables", () => {
  const real = realDeltaTables();
  let engine: QueryEngine;
  beforeAll(() => {
    engine = createDuckDbEngine({ threads: 1 });
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    real[Symbol.dispose]();
  });

  it.skipIf(real.tables.length === 0)("skip no file that holds the row asked for", async () => {
    await using session = await engine.session();
    let [tried, skipped] = [0, 0];
    for (const { name: tableName, folder, expect: expected } of real.tables) {
      if (expected !== "rows" || tableName === WRONG) continue;
      await using table = await deltaFolder(folder, engine);
      const snapshot = await table.snapshot().catch(() => undefined);
      if (snapshot === undefined) continue;
      const state = stateBehind(snapshot)!;
      const adds = [...state.files.values()].slice(0, 20);
      for (const add of adds) {
        const path = snapshot.files[[...state.files.values()].indexOf(add)]!.path;
        await snapshot.define(session, "one", { files: [path] });
        const { rows } = await session.query("SELECT * FROM one LIMIT 300");
        for (const [i, { name, type }] of snapshot.columns.entries()) {
          if (!RANGED.includes(type)) continue;
          for (const value of new Set(rows.map((each) => each[i]))) {
            if (value == null) continue;
            const ranges = [{ column: name, min: value, max: value }];
            expect([folder, name, value, mayHold(add, ranges, state.schema)]).toEqual([folder, name, value, true]);
            tried++;
            for (const other of adds) if (!mayHold(other, ranges, state.schema)) skipped++;
          }
        }
      }
    }
    expect(tried).toBeGreaterThan(1000);
    expect(skipped).toBeGreaterThan(100);
  });
});
