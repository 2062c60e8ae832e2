import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import { readDataset } from "../src/define/dataset-file.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../src/log/event-log.ts";
import { streamTopic } from "../src/log/names.ts";
import { openQuarantine } from "../src/quarantine/quarantine.ts";
import { NO_HEADERS } from "../src/record.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { openFeed } from "../src/stream/feed.ts";
import { openTableWriter } from "../src/stream/table-writer.ts";
import { noTurn, upkeep } from "../src/stream/upkeep.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";
import { type Benchmark, type Figure, percentile, printFigure } from "./figure.ts";
import { pin } from "./pins.ts";

const ROWS = 10_000_000;
const SHARES = [0.1, 0.5, 1];
const FILL_RECORDS = 50_000;
const RECORDS = 1000;
const MAX_ROUNDS = 100;
const NEWEST_KEYS = 100_000;
/** Micro-batches, each of a hundredth of the rows, that replace rows before it is measured what replacing any costs. */
const WORN = 3;
const APPEND_MS = 2000;
const STREAM = "streaming-bench-pin";
const TOPIC = "bench.ingest";
/** So small that the log has as many segments as a large one has, and may not fill the disk. */
const LOG = { segmentBytes: 4 * 1024 * 1024, retentionBytes: 1024 * 1024 * 1024 };

/** Replaced files go soon, or they fill the disk. */
const HISTORY = {
  "delta.deletedFileRetentionDuration": "interval 10 seconds",
  "delta.logRetentionDuration": "interval 10 seconds",
};

/** What an append and a micro-batch cost when a tenth, a half and all of the rows are stored. */
export const growth: Benchmark = {
  name: "growth",
  run: async ({ rows = ROWS } = {}) => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      return await grow(folder, rows);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function grow(folder: string, rows: number): Promise<Figure[]> {
  await using engine = createDuckDbEngine({});
  await using store = await openFilesystemStore({ root: join(folder, "tables") });
  await using log = await openEmbeddedLog({ folder: join(folder, "log"), ...LOG });
  for (const topic of [streamTopic(STREAM), TOPIC]) await log.createTopic(topic);
  const openTable = (prefix: string) =>
    openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "bench" });
  const dataset = await readDataset(join(import.meta.dirname, "../pinterest/datasets/pin.ts"));
  const table = openTable("stream/pin");
  const shared = { dataset, datasets: [dataset], clock: systemClock };
  const feed = openFeed({ ...shared, log, maxRecords: 2 * FILL_RECORDS });
  const openWriter = () =>
    openTableWriter({
      ...shared,
      table,
      engine,
      quarantine: openQuarantine({ openTable, arm: "stream", clock: systemClock }),
      tempFolder: folder,
      configuration: HISTORY,
    });
  await using writer = openWriter();
  const upkeepOptions = { tables: [table], due: [], clock: systemClock, historyMs: 10_000 };
  const tidy = upkeep(upkeepOptions);
  feed.restart((await writer.load()).snapshot);

  let newest = 0;
  const append = async (keys: readonly number[]) => {
    for (let at = 0; at < keys.length; at += RECORDS)
      await log.append(streamTopic(STREAM), keys.slice(at, at + RECORDS).map(pinRecord));
    await feed.fill();
  };
  const newKeys = (count: number) => Array.from({ length: count }, () => newest++);

  // Few when few rows are wanted: what is measured adds rows as well.
  const rounds = Math.max(10, Math.min(MAX_ROUNDS, Math.round(rows / 50_000)));
  const figures: Figure[] = [];
  /** It takes minutes: each figure is shown when it is there. */
  const note = (figure: Figure) => {
    console.error(printFigure(figure));
    figures.push(figure);
  };
  for (const share of SHARES) {
    const goal = rows * share;
    const fromMs = performance.now();
    const before = newest;
    while (newest < goal) {
      // The keys that will be replaced come as a stream brings them, and lie in files of the sizes that it makes.
      const most = goal - newest > NEWEST_KEYS ? FILL_RECORDS : RECORDS;
      await append(newKeys(Math.min(most, goal - newest)));
      await writer.write(feed.cut());
      feed.settle();
      await tidy(writer, { takeTurn: noTurn });
    }
    const filledPerSecond = ((newest - before) * 1000) / (performance.now() - fromMs);
    const at = `at ${goal.toLocaleString("en")} rows`;
    note(await appends(log, at));

    note(await replacing(`the newest ${NEWEST_KEYS.toLocaleString("en")} keys, ${at}`, NEWEST_KEYS));
    // As after hours: of each file some rows are replaced already.
    for (let i = 0; i < WORN; i++) {
      await append(Array.from({ length: goal / 100 }, () => Math.floor(Math.random() * newest)));
      await writer.write(feed.cut());
      feed.settle();
    }
    const anywhere = await replacing(`all keys, ${at}`, newest);
    note({ ...anywhere, details: { ...anywhere.details, "filled rows/s": filledPerSecond, ...(await openAnew()) } });
  }
  return figures;

  async function replacing(what: string, among: number): Promise<Figure> {
    const [times, tidyTimes]: [number[], number[]] = [[], []];
    let cpuMs = 0;
    for (let round = 0; round < rounds; round++) {
      await append(
        Array.from({ length: RECORDS }, (_, i) =>
          i % 10 === 0 ? Math.max(0, newest - 1 - Math.floor(Math.random() * among)) : newest++,
        ),
      );
      const cpu = process.cpuUsage();
      const startMs = performance.now();
      await writer.write(feed.cut());
      times.push(performance.now() - startMs);
      cpuMs += cpuSince(cpu) / rounds;
      feed.settle();
      const tidyMs = performance.now();
      await tidy(writer, { takeTurn: noTurn });
      tidyTimes.push(performance.now() - tidyMs);
    }
    times.sort((a, b) => a - b);
    const files = writer.state()?.snapshot.files ?? [];
    return {
      name: `1,000-record micro-batch, a tenth replacing one of ${what}`,
      value: percentile(times, 0.5),
      unit: "ms",
      details: {
        "p99 ms": percentile(times, 0.99),
        "CPU ms": cpuMs,
        "tidying per micro-batch ms": tidyTimes.reduce((a, b) => a + b, 0) / rounds,
        "longest ms": Math.max(...tidyTimes),
        files: files.length,
        "rows marked": files.reduce((sum, { deletedRows }) => sum + deletedRows, 0),
        "resident MB": process.memoryUsage.rss() / 1e6,
      },
    };
  }

  async function openAnew(): Promise<Figure["details"]> {
    const [loadMs, loadCpu] = [performance.now(), process.cpuUsage()];
    await using again = openWriter();
    await again.load();
    return { "opening the table anew ms": performance.now() - loadMs, "CPU ms of that": cpuSince(loadCpu) };
  }
}

/** One record an append, then 100, as many as get through. */
async function appends(log: EventLog, at: string): Promise<Figure> {
  const times: number[] = [];
  const record = { key: null, value: Buffer.alloc(560, 97), headers: NO_HEADERS, timestampMs: 0, partition: 0 };
  const rate = async (callers: number, batch: number, took?: number[]) => {
    const sent = new Array(batch).fill(record);
    const startedMs = performance.now();
    const cpu = process.cpuUsage();
    let records = 0;
    const caller = async () => {
      for (let nowMs = performance.now(); nowMs - startedMs < APPEND_MS; nowMs = performance.now()) {
        await log.append(TOPIC, sent);
        took?.push(performance.now() - nowMs);
        records += batch;
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    const cpuUs = (cpuSince(cpu) * 1000) / records;
    return { perSecond: (records * 1000) / (performance.now() - startedMs), cpuUs };
  };
  const single = await rate(16, 1, times);
  const batched = await rate(32, 100);
  times.sort((a, b) => a - b);
  return {
    name: `appends of one record, 16 callers, ${at}`,
    value: single.perSecond,
    unit: "records/s",
    details: {
      "p50 ms": percentile(times, 0.5),
      "p99 ms": percentile(times, 0.99),
      "CPU us a record": single.cpuUs,
      "100 records an append, 32 callers, records/s": batched.perSecond,
      "CPU us each": batched.cpuUs,
      "MB removed from the log": (log.retention()?.removedBytes ?? 0) / 1e6,
    },
  };
}

const pinRecord = (key: number) => ({
  key: null,
  value: Buffer.from(JSON.stringify(pin(key))),
  headers: NO_HEADERS,
  timestampMs: 0,
  partition: 0,
});

const cpuSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
