import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { plan } from "../../../src/emulator/plan.ts";
import { pythonRandom } from "../../../src/emulator/python-random.ts";

interface Golden {
  readonly seed: string;
  readonly first: readonly (readonly [number, number])[];
  readonly last: readonly (readonly [number, number])[];
}
/** 700 pairs of `random.randrange(0, 2)`, `random.randint(0, 11000)` by CPython 3.11: the first 20, the last 5. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "python-draws.json"), "utf8")) as Golden[];

describe("the draws of CPython", () => {
  it.each(golden)("with seed $seed are repeated, also after the state was used up", ({ seed, first, last }) => {
    const random = pythonRandom(BigInt(seed));
    const draws = Array.from({ length: 700 }, () => [random.randrange(0, 2), random.randint(0, 11000)]);
    expect(draws.slice(0, 20)).toEqual(first);
    expect(draws.slice(-5)).toEqual(last);
  });

  it("give the rows that the original's scripts sent", async () => {
    const keys: unknown[] = [];
    for await (const { key } of plan({ source: undefined as never, tables: [], seed: 100, draw: "python" }))
      if (keys.push(key) === 12) break;
    expect(keys).toEqual([7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069, 2923, 3089]);
  });
});
