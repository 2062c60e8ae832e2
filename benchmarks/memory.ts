import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../src/define/dataset.ts";
import { readDataset } from "../src/define/dataset-file.ts";
import { cleanFiles } from "../src/engine/clean-files.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { keepNewestInFiles } from "../src/engine/newest.ts";
import type { Benchmark, Figure } from "./figure.ts";
import { objectGroups, writePinObjects } from "./pin-objects.ts";
import { pin } from "./pins.ts";

const ROWS = 10_000_000;
/** One record in so many is of a key that came before. */
const REPEATS = 10;
const SAMPLE_MS = 20;

/** Cleaning many pins and keeping one row per key within a memory limit: what is resident then, and how long it takes. */
export const memory: Benchmark = {
  name: "memory",
  run: async ({ rows = ROWS } = {}) => [
    ...(await measure({ rows, memory: "1GB", residentGoalMb: 1600 })),
    ...(await measure({ rows: rows / 10, memory: "150MB" })),
  ],
};

async function measure(of: { rows: number; memory: string; residentGoalMb?: number }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
  try {
    return await measureIn(folder, of);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureIn(
  folder: string,
  { rows, memory, residentGoalMb }: { rows: number; memory: string; residentGoalMb?: number },
): Promise<Figure[]> {
  const dataset = await readDataset(join(import.meta.dirname, "../pinterest/datasets/pin.ts"));
  const key = (i: number) => (i % REPEATS === REPEATS - 1 ? (i * 7919) % i : i);
  const line = (i: number) => JSON.stringify({ ...pin(i), index: key(i) });
  const objects = writePinObjects(folder, { name: "pin", rows, line });
  execFileSync("sync"); // or the disk is still busy with these, and the first to write waits for it
  const { cleanMs, newestMs, residentBytes, superseded } = await run(folder, { dataset, objects, memory });
  const name = `${rows.toLocaleString("en")} pins with --memory ${memory}`;
  const mebibytes = residentBytes / 1024 ** 2;
  return [
    {
      name: `${name}: cleaned, one row per key`,
      value: (rows * 1000) / (cleanMs + newestMs),
      unit: "rows/s",
      limit: { what: "cleaning alone", value: (rows * 1000) / cleanMs },
      goal: 0.65,
      details: { superseded },
    },
    {
      name: `${name}: resident at most`,
      value: mebibytes,
      unit: "MiB",
      ...(residentGoalMb === undefined ? {} : { details: { "MiB wanted at most": residentGoalMb } }),
    },
  ];
}

async function run(
  folder: string,
  { dataset, objects, memory }: { dataset: Dataset; objects: readonly string[]; memory: string },
) {
  const tempFolder = join(folder, "temp");
  mkdirSync(tempFolder);
  await using engine = createDuckDbEngine({ memory, tempFolder });
  await using session = await engine.session();
  let residentBytes = 0;
  const sampling = setInterval(() => {
    residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
  }, SAMPLE_MS);
  try {
    const startMs = performance.now();
    const options = { badInto: "bad", folder: tempFolder, nowMs: 0, foreignMarkers: [] };
    const { files } = await cleanFiles(session, dataset, objectGroups(session, objects), options);
    const cleanedMs = performance.now();
    const { superseded } = await keepNewestInFiles(session, files, { key: dataset.key, folder: tempFolder });
    const endMs = performance.now();
    return { cleanMs: cleanedMs - startMs, newestMs: endMs - cleanedMs, residentBytes, superseded };
  } finally {
    clearInterval(sampling);
  }
}
