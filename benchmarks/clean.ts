import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import type { Dataset } from "../src/define/dataset.ts";
import { readDataset } from "../src/define/dataset-file.ts";
import { cleanFiles } from "../src/engine/clean-files.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../src/engine/query-engine.ts";
import { cleanSchema } from "../src/quarantine/clean-table.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";
import type { Table } from "../src/table/table.ts";
import { cleanBesideSpark } from "./clean-beside-spark.ts";
import { type Benchmark, type Figure, median } from "./figure.ts";
import { objectGroups, writePinObjects } from "./pin-objects.ts";
import { pin } from "./pins.ts";

const ROWS = 500_000;
const ROUNDS = 5;

/**
 * Cleaning pins by the portable SQL into a committed Delta table, against reading and writing the same columns untouched;
 * and the same where some lines are no rows, against where all are.
 */
export const clean: Benchmark = {
  name: "clean",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      const dataset = await readDataset(join(import.meta.dirname, "../pinterest/datasets/pin.ts"));
      await using engine = createDuckDbEngine({});
      const clean = writeObjects(folder, 0);
      const some = writeObjects(folder, 0.001);
      const many = writeObjects(folder, 0.05);
      mkdirSync(join(folder, "parts"));
      const table = await newTables(engine, dataset, folder);
      const work = {
        untouched: (session: QuerySession) => copyUntouched(session, clean, folder),
        clean: (session: QuerySession) => cleanIntoTable({ session, table: table(), dataset, folder }, clean),
        some: (session: QuerySession) => cleanIntoTable({ session, table: table(), dataset, folder }, some),
        many: (session: QuerySession) => cleanIntoTable({ session, table: table(), dataset, folder }, many),
      };
      const rates = await inTurns(engine, folder, work);
      const beside = { what: "the same without bad lines", value: rates.clean.rate };
      return [
        {
          ...figure("clean pin, portable SQL, NDJSON to Delta", rates.clean),
          limit: { what: "the same columns untouched", value: rates.untouched.rate },
          goal: 0.8,
        },
        { ...figure("clean pin, 0.1 % bad lines", rates.some), limit: beside, goal: 0.8 },
        { ...figure("clean pin, 5 % bad lines", rates.many), limit: beside },
        ...(await cleanBesideSpark({ folder, dataset, objects: clean, rows: ROWS })),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Measured {
  readonly rate: number;
  readonly cpuMicros: number;
}

const figure = (name: string, { rate, cpuMicros }: Measured): Figure => ({
  name,
  value: rate,
  unit: "rows/s",
  details: { "CPU µs a row": cpuMicros },
});

/** Every kind of work once a round, so that a machine that drifts drifts for all. */
async function inTurns<Name extends string>(
  engine: QueryEngine,
  folder: string,
  work: Readonly<Record<Name, (session: QuerySession) => Promise<void>>>,
): Promise<Record<Name, Measured>> {
  const names = Object.keys(work) as Name[];
  const found = new Map(names.map((name) => [name, { rates: [] as number[], cpu: [] as number[] }]));
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      await using session = await engine.session({ tempFolder: folder });
      const before = process.cpuUsage();
      const startMs = performance.now();
      await work[name](session);
      found.get(name)?.rates.push((ROWS * 1000) / (performance.now() - startMs));
      const { user, system } = process.cpuUsage(before);
      found.get(name)?.cpu.push((user + system) / ROWS);
    }
  return Object.fromEntries(
    [...found].map(([name, { rates, cpu }]) => [name, { rate: median(rates), cpuMicros: median(cpu) }]),
  ) as Record<Name, Measured>;
}

async function copyUntouched(session: QuerySession, objects: readonly string[], folder: string): Promise<void> {
  const fields = Object.keys(pin(1));
  const declared = fields.map((field) => `${field}: 'VARCHAR'`).join(", ");
  const list = objects.map((path) => session.literal(path)).join(", ");
  const sql = `SELECT ${fields.map((f) => session.quote(f)).join(", ")} FROM read_ndjson([${list}], columns = {${declared}})`;
  const columns = fields.map((name) => ({ name, type: "string" as const }));
  const path = join(folder, "untouched.parquet");
  await session.writeParquet(sql, columns, path);
  // A table's files are on the disk before it names them.
  await using file = await open(path);
  await file.sync();
}

interface CleaningParts {
  readonly session: QuerySession;
  readonly table: Table;
  readonly dataset: Dataset;
  readonly folder: string;
}

/** As a batch run does it, into a table that is there, but for what it looks up in the table. */
async function cleanIntoTable({ session, table, dataset, folder }: CleaningParts, objects: readonly string[]) {
  const options = { badInto: "bad", folder: join(folder, "parts"), nowMs: 0, foreignMarkers: [] };
  const { files } = await cleanFiles(session, dataset, objectGroups(session, objects), options);
  await table.append({ session, files });
}

async function newTables(engine: QueryEngine, dataset: Dataset, folder: string): Promise<() => Table> {
  const store = await openFilesystemStore({ root: join(folder, "tables") });
  const tables: Table[] = [];
  for (let i = 0; i < 3 * ROUNDS; i++) {
    tables.push(openDeltaTable({ store, prefix: `pin-${i}`, engine, clock: systemClock, engineInfo: "bench" }));
    await tables[i]?.create({ schema: cleanSchema(dataset) });
  }
  return () => tables.pop() as Table;
}

/** Of every 1/share lines one is bad: no JSON, without a key, and with a count that cannot be read, by turns. */
function writeObjects(folder: string, share: number): string[] {
  const line = (i: number) => {
    const every = 1 / share;
    if (share === 0 || i % every !== 7) return JSON.stringify(pin(i));
    switch (((i - 7) / every) % 3) {
      case 0:
        return JSON.stringify(pin(i)).slice(0, -9);
      case 1:
        return JSON.stringify({ ...pin(i), index: "none" });
      default:
        return JSON.stringify({ ...pin(i), follower_count: "many" });
    }
  };
  return writePinObjects(folder, { name: String(share), rows: ROWS, line });
}
