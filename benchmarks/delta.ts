import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeltaTable, openDeltaTable, rowsFrom, structType } from "pinlake/delta";
import { merging } from "./delta-merge.ts";
import { withDeltaRs } from "./delta-rs.ts";
import { writeLog } from "./delta-tables.ts";
import { type Benchmark, type Figure, median } from "./figure.ts";

const ROWS_EACH = 1000;
const SCHEMA = structType([
  { name: "id", type: "long" },
  { name: "name", type: "string" },
]);

/**
 * Delta tables alone, beside delta-rs in the same run where it is installed (scripts/services/delta-rs.sh). `rows` scales
 * it: so many commits (10,000), ten times as many active files, a hundred times as many in a checkpoint, a thousand times as many rows to merge into.
 */
export const delta: Benchmark = {
  name: "delta",
  run: async ({ rows = 10_000 } = {}) => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      const figures: Figure[] = [];
      for (const measure of [
        () => appends(folder, Math.min(200, rows)),
        () => opening(folder, rows),
        () => manyFiles(folder, 10 * rows),
        () => smallFiles(folder, Math.min(1000, rows)),
        () => merging(folder, 1000 * rows),
        () => checkpointing(folder, 100 * rows),
      ]) {
        figures.push(...(await measure()));
        console.error(`   ${figures.at(-1)?.name}: done`);
      }
      return figures;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

const beside = (value: number | undefined): Pick<Figure, "limit"> =>
  value === undefined ? {} : { limit: { what: "delta-rs", value } };

async function appends(folder: string, rounds: number): Promise<Figure[]> {
  const path = join(folder, "appended");
  await using table = await openDeltaTable(path);
  await table.create({ schema: SCHEMA });
  await using session = await table.session();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const objects = Array.from({ length: ROWS_EACH }, (_, i) => ({
      id: BigInt(round * ROWS_EACH + i),
      name: `name ${i}`,
    }));
    const rows = await rowsFrom(session, SCHEMA.fields, objects);
    times.push(await timed(() => table.append(rows)));
  }
  const theirs = withDeltaRs("append", join(folder, "appended-delta-rs"), rounds);
  const slow = times.toSorted((a, b) => a - b)[Math.floor(0.95 * times.length)] ?? Number.NaN;
  return [
    {
      name: `append of ${ROWS_EACH.toLocaleString("en")} rows, synced`,
      value: median(times),
      unit: "ms p50",
      ...beside(theirs?.p50),
      details: { "goal ms": 8, p95: slow },
    },
  ];
}

async function openedIn(path: string, rounds = 5): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using table = await openDeltaTable(path);
    times.push(await timed(() => table.snapshot()));
  }
  return median(times);
}

async function opening(folder: string, commits: number): Promise<Figure[]> {
  const path = join(folder, "opened");
  writeLog(path, { commits, filesEach: 1 });
  const without = await openedIn(path);
  const theirsWithout = withDeltaRs("open", path, 5);
  {
    await using table = await openDeltaTable(path);
    await table.checkpoint();
  }
  const name = `open ${commits.toLocaleString("en")} commits`;
  return [
    {
      name: `${name}, no checkpoint`,
      value: without,
      unit: "ms",
      ...beside(theirsWithout?.p50),
      details: { "goal ms": 1500 },
    },
    {
      name: `${name}, a checkpoint of the newest`,
      value: await openedIn(path),
      unit: "ms",
      ...beside(withDeltaRs("open", path, 5)?.p50),
      details: { "goal ms": 150 },
    },
  ];
}

async function manyFiles(folder: string, files: number): Promise<Figure[]> {
  const path = join(folder, "many");
  writeLog(path, { commits: 10, filesEach: files / 10 });
  {
    await using table = await openDeltaTable(path);
    await table.checkpoint();
  }
  return [
    {
      name: `open ${files.toLocaleString("en")} active files, by a checkpoint`,
      value: await openedIn(path),
      unit: "ms",
      ...beside(withDeltaRs("open", path, 5)?.p50),
      details: { "goal ms": 1000 },
    },
  ];
}

async function smallFiles(folder: string, count: number): Promise<Figure[]> {
  const path = join(folder, "small");
  await using table = await openDeltaTable(path);
  await table.create({ schema: SCHEMA });
  await fill(table, folder, count);
  const copy = join(folder, "small-delta-rs");
  cpSync(path, copy, { recursive: true });
  const id = BigInt((count * ROWS_EACH) / 2);
  const within = [{ column: "id", min: id, max: id }];
  const files = (await table.snapshot()).filesWithin(within).length;
  const point = () => Array.fromAsync(table.read({ within, sql: `SELECT * FROM t WHERE id = ${id}` }));
  const times: number[] = [];
  for (let round = 0; round < 5; round++) times.push(await timed(point));
  const rows = count * ROWS_EACH;
  await using session = await table.session();
  const ms = await timed(() => table.optimize({ session }));
  const theirs = withDeltaRs("optimize", copy);
  return [
    {
      name: `point read by key in ${count.toLocaleString("en")} files`,
      value: files,
      unit: "files read",
      details: { "goal files": 2, ms: median(times) },
    },
    {
      name: `optimize of ${count.toLocaleString("en")} files of ${ROWS_EACH.toLocaleString("en")} rows`,
      value: (rows * 1000) / ms,
      unit: "rows/s",
      ...beside(theirs && (rows * 1000) / theirs.p50),
      details: { "goal rows/s": 300_000 },
    },
  ];
}

async function fill(table: DeltaTable, folder: string, count: number): Promise<void> {
  await using session = await table.session();
  const parts = join(folder, "parts");
  mkdirSync(parts, { recursive: true });
  const files = [];
  for (let i = 0; i < count; i++) {
    const sql = `SELECT i AS id, 'name ' || i AS name FROM range(${i * ROWS_EACH}, ${(i + 1) * ROWS_EACH}) r(i)`;
    files.push(await session.writeParquet(sql, SCHEMA.fields, join(parts, `${i}.parquet`)));
  }
  await table.append({ session, files });
}

async function checkpointing(folder: string, files: number): Promise<Figure[]> {
  const path = join(folder, "checkpointed");
  writeLog(path, { commits: 100, filesEach: files / 100 });
  const child = [...process.execArgv, join(import.meta.dirname, "delta-checkpoint.ts"), path];
  const theirs = withDeltaRs("checkpoint", path);
  rmSync(path, { recursive: true });
  writeLog(path, { commits: 100, filesEach: files / 100 });
  const ours = JSON.parse(execFileSync(process.execPath, child, { encoding: "utf8" })) as {
    readonly openedMb: number;
    readonly checkpointMs: number;
    readonly residentMb: number;
  };
  return [
    {
      name: `checkpoint of ${files.toLocaleString("en")} files: resident at most`,
      value: ours.residentMb,
      unit: "MiB",
      ...beside(theirs?.residentMb),
      details: {
        "goal MiB": 1024,
        "before it": ours.openedMb,
        ms: ours.checkpointMs,
        ...(theirs && { "delta-rs ms": theirs.p50 }),
      },
    },
  ];
}
