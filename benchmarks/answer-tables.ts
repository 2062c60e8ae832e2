import { systemClock } from "../src/clock.ts";
import type { Dataset } from "../src/define/dataset.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { cleanTablePrefix, createCleanTable } from "../src/quarantine/clean-table.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";

const ROWS_AN_APPEND = 1_000_000;

/** Numbers of posts in another order for each dataset, as they arrive: the multipliers are primes. */
const number = (multiplier: number, rows: number) => `i * ${multiplier} % ${rows}`;

/** Rows of the original's shape: a poster for ten posts, 24 categories, 190 countries, a fiftieth of the counts unknown. */
const ROWS_OF: Readonly<Record<string, (rows: number) => string>> = {
  pin: (rows) => `${number(7919, rows)}, format('00000000-0000-4000-8000-{:012d}', i), 'Title ' || hash(i) % 5000,
    'What is shown, in some more words ' || hash(i + 1) % 5000,
    CASE WHEN i % 50 <> 0 THEN CAST(hash(i + 2) % 5000 * 1000 AS BIGINT) END, 'Poster ' || hash(i + 3) % (${rows} // 10),
    'tag,' || hash(i + 4) % 1000, 'image', format('https://images.example/{:d}.jpg', i),
    '/data/' || hash(i + 5) % 24, 'category ' || hash(i + 5) % 24`,
  geo: (rows) => `${number(104_729, rows)}, 'Country ' || hash(i + 6) % 190,
    [CAST(hash(i + 7) % 18000 AS DOUBLE) / 100 - 90, CAST(hash(i + 8) % 36000 AS DOUBLE) / 100 - 180],
    make_timestamptz(1514764800000000 + CAST(hash(i + 9) % 157000000 AS BIGINT) * 1000000)`,
  user: (rows) => `${number(1_299_709, rows)}, 'First' || hash(i + 10) % 600 || ' Last' || hash(i + 11) % 1000,
    CAST(18 + hash(i + 12) % 60 AS INTEGER), make_timestamptz(1420070400000000 + CAST(hash(i + 13) % 94000000 AS BIGINT) * 1000000)`,
};

/** Clean tables below a folder, as a batch run names them, each of so many rows with the same post numbers. */
export async function writeAnswerTables(root: string, datasets: readonly Dataset[], rows: number): Promise<void> {
  await using engine = createDuckDbEngine({});
  await using store = await openFilesystemStore({ root });
  await using session = await engine.session({ tempFolder: root });
  for (const dataset of datasets) {
    const prefix = cleanTablePrefix("batch", dataset.name);
    const table = openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "bench" });
    await createCleanTable({ table, dataset });
    const names = [...dataset.columns.map(({ name }) => session.quote(name)), "_topic", "_partition", "_offset"];
    for (let first = 0; first < rows; first += ROWS_AN_APPEND) {
      const list = `${ROWS_OF[dataset.name]?.(rows)}, 'bench.${dataset.name}', CAST(0 AS INTEGER), CAST(i AS BIGINT)`;
      const range = `range(${first}, ${Math.min(first + ROWS_AN_APPEND, rows)}) AS numbers(i)`;
      await table.append({ session, sql: `SELECT * FROM (SELECT ${list} FROM ${range}) AS made(${names.join(", ")})` });
    }
  }
}
