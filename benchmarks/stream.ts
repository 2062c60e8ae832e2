import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import { readDataset } from "../src/define/dataset-file.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { createMemoryLog } from "../src/log/memory.ts";
import { streamTopic } from "../src/log/names.ts";
import { openQuarantine } from "../src/quarantine/quarantine.ts";
import { NO_HEADERS } from "../src/record.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { openFeed } from "../src/stream/feed.ts";
import { openTableWriter } from "../src/stream/table-writer.ts";
import { dueWork, noTurn, upkeep } from "../src/stream/upkeep.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";
import { type Benchmark, type Figure, percentile } from "./figure.ts";
import { pin } from "./pins.ts";

const RECORDS = 1000;
const ROUNDS = 150;
const STREAM = "streaming-bench-pin";

/** From 1,000 records in memory to the committed, synced version of the stream table that holds them. */
export const stream: Benchmark = {
  name: "stream",
  run: async () => [
    await microBatches("stream, 1,000-record micro-batch of new keys to committed version", (i) => i),
    await microBatches("the same, every tenth record replacing one of the last 10,000 keys", (i) =>
      i % 10 === 0 ? Math.max(0, i - 1 - ((i * 7919) % 10_000)) : i,
    ),
  ],
};

async function microBatches(name: string, keyOf: (i: number) => number): Promise<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
  try {
    await using engine = createDuckDbEngine({});
    await using store = await openFilesystemStore({ root: join(folder, "tables") });
    await using log = createMemoryLog();
    await log.createTopic(streamTopic(STREAM));
    const due = dueWork();
    const openTable = (prefix: string) =>
      openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "bench", later: due.add });
    const dataset = await readDataset(join(import.meta.dirname, "../pinterest/datasets/pin.ts"));
    const table = openTable("stream/pin");
    const shared = { dataset, datasets: [dataset], clock: systemClock };
    const feed = openFeed({ ...shared, log, maxRecords: RECORDS });
    await using writer = openTableWriter({
      ...shared,
      table,
      engine,
      quarantine: openQuarantine({ openTable, arm: "stream", clock: systemClock }),
      tempFolder: folder,
      configuration: {},
    });
    const tidy = upkeep({ tables: [table], due: [due], clock: systemClock, historyMs: 24 * 3600 * 1000 });
    feed.restart((await writer.load()).snapshot);

    const times: number[] = [];
    const tidying: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await log.append(streamTopic(STREAM), records(round * RECORDS, keyOf));
      await feed.fill();
      const startMs = performance.now();
      await writer.write(feed.cut());
      times.push(performance.now() - startMs);
      feed.settle();
      const tidyMs = performance.now();
      await tidy(writer, { takeTurn: noTurn });
      tidying.push(performance.now() - tidyMs);
    }
    const half = (from: number, to: number) =>
      percentile(
        times.slice(from, to).sort((a, b) => a - b),
        0.5,
      );
    const sorted = times.toSorted((a, b) => a - b);
    return {
      name,
      value: percentile(sorted, 0.5),
      unit: "ms",
      details: {
        "p99 ms": percentile(sorted, 0.99),
        "p50 of the first third ms": half(5, ROUNDS / 3),
        "of the last third": half((2 * ROUNDS) / 3, ROUNDS),
        "tidying per micro-batch ms": tidying.reduce((a, b) => a + b, 0) / ROUNDS,
        files: writer.state()?.snapshot.files.length ?? 0,
      },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const records = (first: number, keyOf: (i: number) => number) =>
  Array.from({ length: RECORDS }, (_, k) => ({
    key: null,
    value: Buffer.from(JSON.stringify(pin(keyOf(first + k)))),
    headers: NO_HEADERS,
    timestampMs: 0,
    partition: 0,
  }));
