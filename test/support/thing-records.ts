import fc from "fast-check";
import type { Landed, Made } from "./batch-world.ts";

const made: fc.Arbitrary<Made> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("row" as const),
      ind: fc.integer({ min: 0, max: 12 }),
      n: fc.option(fc.integer({ min: 0, max: 99 })),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "tombstone" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("bad" as const),
      reason: fc.constantFrom("not_json", "not_an_object", "missing_key", "negative"),
    }),
  },
);

const partition = fc.constantFrom(["a.thing", 0], ["a.thing", 1], ["b.thing", 0]) as fc.Arbitrary<[string, number]>;

/**
 * Records of several partitions and topics in the order of their arrival, each partition's offsets without gaps. They
 * come in bursts, so that one partition runs ahead of another and older positions arrive after newer ones.
 */
export const thingRecords = ({
  minLength = 0,
  maxLength,
}: {
  readonly minLength?: number;
  readonly maxLength: number;
}) =>
  fc
    .array(fc.tuple(partition, fc.array(made, { minLength: 1, maxLength: 15, size: "max" })), {
      minLength: Math.ceil(minLength / 8),
      maxLength: Math.ceil(maxLength / 8),
      size: "max",
    })
    .map((bursts): readonly Landed[] => {
      const next = new Map<string, number>();
      return bursts.flatMap(([[topic, n], burst]) =>
        burst.map((what) => {
          const offset = next.get(`${topic}/${n}`) ?? 0;
          next.set(`${topic}/${n}`, offset + 1);
          return { topic, partition: n, offset, made: what };
        }),
      );
    });

/** The records divided into the parts that each of several runs finds; some parts may be empty. */
export function parts<T>(records: readonly T[], cuts: readonly number[]): T[][] {
  const at = [0, ...cuts.map((cut) => Math.round(cut * records.length)).sort((a, b) => a - b), records.length];
  return at.slice(1).map((end, i) => records.slice(at[i], end));
}
