/**
 * `npm run test:long [-- --minutes 60 --length 5 --seed N FILE…]`: all tests that draw, again and again, each
 * round longer than in `npm test` and with a fresh seed. Says how to run a failure again; ends with 1 if there was one.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");

const options = {
  minutes: { type: "string", default: "60" },
  length: { type: "string", default: "5" },
  seed: { type: "string" },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const files = positionals.length > 0 ? positionals : drawingTests();
const endsAtMs = Date.now() + Number(values.minutes) * 60_000;
const reports = mkdtempSync(join(tmpdir(), "pinlake-long-"));

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly message: string }[];
}

let failures = 0;
let round = 0;
do {
  round++;
  const seed = round === 1 && values.seed !== undefined ? Number(values.seed) : randomInt(2 ** 31);
  const startedAtMs = Date.now();
  const output = join(reports, `${round}.json`);
  const args = ["run", ...files, "--reporter=dot", "--reporter=json", `--outputFile=${output}`, "--testTimeout=0"];
  const { stdout, stderr, status } = spawnSync(process.execPath, [vitest, ...args], {
    cwd: root,
    env: { ...process.env, SEED: String(seed), TEST_LENGTH: values.length },
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  const { numPassedTests, testResults } = reportOf(output);
  const failed = testResults.filter(({ status: state }) => state === "failed").map(({ name }) => relative(root, name));
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  console.log(`round ${round}, seed ${seed}: ${numPassedTests} passed in ${seconds} s, ${failed.length} files failed`);
  if (status === 0) continue;
  failures++;
  console.log(`${stdout}\n${stderr}`);
  for (const file of failed)
    console.log(
      `FAILED ${file}; again: SEED=${seed} TEST_LENGTH=${values.length} npx vitest run ${file} --testTimeout=0`,
    );
} while (Date.now() < endsAtMs);
rmSync(reports, { recursive: true });
console.log(`${round} rounds, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);

/** Every test file that draws what it does, properties and kill loops among them. */
function drawingTests(): string[] {
  const all = globSync("test/{unit,property,kill}/**/*.test.ts", { cwd: root });
  const draws = (file: string) => /support\/(run-length|seeded-random)/.test(readFileSync(join(root, file), "utf8"));
  return all.filter((file) => file !== "test/unit/scripts/test-long.test.ts" && draws(file)).sort();
}

/** Of a round that could not even begin there is none. */
function reportOf(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return { numPassedTests: 0, testResults: [] };
  }
}
