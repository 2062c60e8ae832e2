import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runs } from "../../support/run-length.ts";
import { printedSeed } from "../../support/seeded-random.ts";

const OWN = "test/unit/scripts/test-long.test.ts";
const root = join(import.meta.dirname, "../../..");

afterEach(() => vi.unstubAllEnvs());

describe("a seed", () => {
  it("gives the same values again, to properties and to kill loops", () => {
    const drawn = (seed: string) => {
      vi.stubEnv("SEED", seed);
      return [fc.sample(fc.string(), runs(50)), printedSeed("what a test draws")];
    };
    expect(drawn("5")).toEqual(drawn("5"));
    expect(drawn("5")).not.toEqual(drawn("6"));
  });

  it("is a new one each time where none is given", () => {
    vi.stubEnv("SEED", undefined);
    expect(fc.sample(fc.string(), runs(50))).not.toEqual(fc.sample(fc.string(), runs(50)));
  });
});

it("every property takes its seed and its length from outside", () => {
  const files = globSync("test/**/*.test.ts", { cwd: root }).map((file) => [
    file,
    readFileSync(join(root, file), "utf8"),
  ]);
  const count = (text: string | undefined, pattern: RegExp) => text?.match(pattern)?.length ?? 0;
  const asserting = files.filter(([file, text]) => file !== OWN && count(text, /fc[.]assert[(]/g) > 0);
  expect(asserting.length).toBeGreaterThan(10);
  for (const [file, text] of asserting) expect(count(text, /\bruns[(]/g), file).toBe(count(text, /fc[.]assert[(]/g));
});

describe("a long run", () => {
  const long = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, "scripts/test-long.ts"), "--minutes", "0", ...args], {
      encoding: "utf8",
      env: { ...process.env, VITEST: undefined },
    });

  it("plays a round, and says its seed", () => {
    const { status, stdout } = long("--seed", "7", "test/property/gateway-sequence-number.test.ts");
    expect(stdout).toMatch(/^round 1, seed 7: 5 passed in \d+ s, 0 files failed\n1 rounds, 0 failed\n$/);
    expect(status).toBe(0);
  });

  it("fails when a round cannot begin", () => {
    expect(long("test/no-such-file.test.ts").status).toBe(1);
  });
});
