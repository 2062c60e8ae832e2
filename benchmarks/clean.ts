import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../src/define/dataset-file.ts";
import { clean as cleanRecords } from "../src/engine/clean.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { dataType } from "../src/engine/schema.ts";
import { type Benchmark, median } from "./figure.ts";
import { pin } from "./pins.ts";

const ROWS = 500_000;
const ROWS_PER_OBJECT = 10_000;
const ROUNDS = 3;

/** Cleaning pins by the portable SQL into Parquet, against reading and writing the same columns untouched. */
export const clean: Benchmark = {
  name: "clean",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      const paths = writeObjects(folder);
      const dataset = await readDataset(join(import.meta.dirname, "../pinterest/datasets/pin.ts"));
      const columns = dataset.columns.map(({ name, type }) => ({ name, type: dataType(type) }));
      const engine = createDuckDbEngine({});
      const measure = async (work: (session: Awaited<ReturnType<typeof engine.session>>) => Promise<void>) => {
        const rates: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          await using session = await engine.session({ tempFolder: folder });
          const startMs = performance.now();
          await work(session);
          rates.push((ROWS * 1000) / (performance.now() - startMs));
        }
        return median(rates);
      };
      const fields = Object.keys(pin(1));
      const text = fields.map((name) => ({ name, type: "string" as const }));
      const untouched = await measure(async (session) => {
        const declared = fields.map((field) => `${field}: 'VARCHAR'`).join(", ");
        const list = paths.map((path) => session.literal(path)).join(", ");
        const sql = `SELECT ${fields.map((f) => session.quote(f)).join(", ")} FROM read_ndjson([${list}], columns = {${declared}})`;
        await session.writeParquet(sql, text, join(folder, "untouched.parquet"));
      });
      const cleaned = await measure(async (session) => {
        const temp = join(folder, "temp");
        mkdirSync(temp, { recursive: true });
        await cleanRecords(
          session,
          dataset,
          paths.map((path, i) => ({
            topic: "bench.pin",
            partition: 0,
            path,
            startOffset: BigInt(i * ROWS_PER_OBJECT),
            lines: "value" as const,
          })),
          { into: "good", badInto: "bad", tempFolder: temp, nowMs: 0, foreignMarkers: [] },
        );
        await session.writeParquet(
          `SELECT ${columns.map(({ name }) => session.quote(name)).join(", ")} FROM good`,
          columns,
          join(folder, "clean.parquet"),
        );
      });
      return [
        {
          name: "clean pin, portable SQL, NDJSON to Parquet",
          value: cleaned,
          unit: "rows/s",
          limit: { what: "the same columns untouched", value: untouched },
          goal: 0.8,
        },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function writeObjects(folder: string): string[] {
  return Array.from({ length: ROWS / ROWS_PER_OBJECT }, (_, i) => {
    const path = join(folder, `${i}.json`);
    const lines = Array.from({ length: ROWS_PER_OBJECT }, (_, k) => JSON.stringify(pin(i * ROWS_PER_OBJECT + k)));
    writeFileSync(path, `${lines.join("\n")}\n`);
    return path;
  });
}
