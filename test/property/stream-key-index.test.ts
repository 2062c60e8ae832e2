import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../src/engine/query-engine.ts";
import type { DataType } from "../../src/engine/schema.ts";
import type { Position } from "../../src/record.ts";
import { keyIndex, type StoredRow } from "../../src/stream/key-index.ts";
import { isNewer, planMicroBatch } from "../../src/stream/micro-batch.ts";
import { runs } from "../support/run-length.ts";

const integers = fc.oneof(
  fc.bigInt({ min: -5n, max: 30n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 31n, 2n ** 32n, -(2n ** 32n), 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n)),
);
const texts = fc.oneof(fc.constantFrom("", "a", "b"), fc.string());
const positions: fc.Arbitrary<Position> = fc.record({
  topic: fc.constantFrom("s", "t"),
  partition: fc.nat(2),
  offset: fc.oneof(fc.bigInt({ min: 0n, max: 40n }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })),
});

describe.each([
  ["long", integers],
  ["string", texts],
] as [DataType, fc.Arbitrary<SqlValue>][])("an index of %s keys", (type, keys) => {
  it("gives back what a Map does, also after files were joined while rows of theirs were replaced", () => {
    const put = fc.record({ key: keys, position: positions });
    const step = fc.oneof(
      { weight: 5, arbitrary: put },
      {
        weight: 1,
        arbitrary: fc.record({ files: fc.uniqueArray(fc.nat(9)), meanwhile: fc.array(put, { maxLength: 5 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const index = keyIndex(type);
        const model = new Map<SqlValue, StoredRow>();
        // Each step's rows lie in a file of its own, as each micro-batch's do.
        let files = 0;
        const store = (rows: readonly { readonly key: SqlValue; readonly position: Position }[]) => {
          const file = `f${files++}`;
          for (const [row, { key, position }] of rows.entries()) {
            index.set(key, { position, file, row });
            model.set(key, { position, file, row });
          }
        };
        for (const one of steps) {
          if ("key" in one) {
            store([one]);
            continue;
          }
          const from = one.files.filter((file) => file < files).map((file) => `f${file}`);
          const keys = [...model].filter(([, { file }]) => from.includes(file)).map(([key]) => key);
          const numbers = keys.map(index.numberOf);
          store(one.meanwhile);
          const to = `f${files++}`;
          const left = keys.flatMap((key, row) => (from.includes(model.get(key)?.file ?? "") ? [] : [row]));
          expect(index.replacedIn(from, numbers)).toEqual(left);
          index.joined(from, to, numbers);
          for (const [row, key] of keys.entries())
            if (!left.includes(row)) model.set(key, { ...(model.get(key) as StoredRow), file: to, row });
        }
        expect(index.size).toBe(model.size);
        for (const [key, row] of model) expect(index.get(key)).toEqual(row);
        expect(index.get(type === "long" ? 123_456_789n : "nobody")).toBeUndefined();
      }),
      runs(),
    );
  });

  it("decides a micro-batch as putting its rows one by one would", () => {
    const rows = fc.uniqueArray(fc.record({ key: keys, position: positions }), {
      selector: ({ position }) => `${position.topic}/${position.partition}/${position.offset}`,
      maxLength: 60,
    });
    fc.assert(
      fc.property(rows, fc.nat(30), (all, before) => {
        const [first, batch] = [all.slice(0, before), all.slice(before)];
        const index = keyIndex(type);
        const model = new Map<SqlValue, Position>();
        const put = ({ key, position }: { key: SqlValue; position: Position }) => {
          const other = model.get(key);
          if (other === undefined || isNewer(position, other)) model.set(key, position);
        };
        for (const row of first) put(row);
        for (const [key, position] of model) index.set(key, { position, file: `f-${String(key)}`, row: 0 });
        const known = new Map(model);
        const plan = planMicroBatch(batch, index);
        for (const row of batch) put(row);

        expect(plan.winners.length + plan.losers).toBe(batch.length);
        const stored = plan.winners.flatMap(({ key }) => (known.has(key) ? [known.get(key)] : []));
        expect(plan.replaced.map(({ position }) => position)).toEqual(stored);
        const changed = [...model].filter(([key, position]) => known.get(key) !== position);
        expect(new Map(plan.winners.map(({ key, position }) => [key, position]))).toEqual(new Map(changed));
      }),
      runs(),
    );
  });
});

it("finds each of a hundred thousand keys, neighbours and far apart", () => {
  const index = keyIndex("long");
  const position = { topic: "s", partition: 0, offset: 7n };
  for (let i = 0; i < 50_000; i++) {
    index.set(i, { position, file: "a", row: i });
    index.set(BigInt(i) * 1_000_000_007n + 10n ** 15n, { position, file: "b", row: i });
  }
  expect(index.size).toBe(100_000);
  expect([index.get(0n)?.file, index.get(49_999n)?.file, index.get(10n ** 15n)?.file]).toEqual(["a", "a", "b"]);
  expect([index.get(41_234n)?.row, index.get(7n * 1_000_000_007n + 10n ** 15n)?.row]).toEqual([41_234, 7]);
  expect(index.get(50_000n)).toBeUndefined();
});

it("takes many rows at once as it takes them one by one", () => {
  const rows = fc.array(fc.record({ key: integers, offset: positions.map(({ offset }) => offset) }), { maxLength: 50 });
  fc.assert(
    fc.property(rows, rows, (first, second) => {
      const [many, single] = [keyIndex("long"), keyIndex("long")];
      for (const [file, list] of [first, second].entries()) {
        const source = { topic: "s", partition: file };
        many.setMany?.({
          source,
          file: `f${file}`,
          ...halves("key", list),
          ...halves("offset", list),
          row: list.map((_, i) => i),
        });
        for (const [row, { key, offset }] of list.entries())
          single.set(key, { position: { ...source, offset }, file: `f${file}`, row });
      }
      expect(many.size).toBe(single.size);
      for (const { key } of [...first, ...second]) expect(many.get(key)).toEqual(single.get(key));
    }),
    runs(),
  );
});

type Half<Name extends string> = Record<`${Name}High` | `${Name}Low`, number[]>;

function halves<Name extends "key" | "offset">(name: Name, rows: readonly Record<Name, bigint>[]): Half<Name> {
  const high = rows.map((row) => Number(row[name] >> 32n));
  const low = rows.map((row) => Number(BigInt.asUintN(32, row[name])) - 2 ** 31);
  return { [`${name}High`]: high, [`${name}Low`]: low } as Half<Name>;
}
