import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../src/clock.ts";
import { readDataset } from "../src/define/dataset-file.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";
import { streamTopic } from "../src/log/names.ts";
import { NO_HEADERS } from "../src/record.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { createStreamArm } from "../src/stream/stream-arm.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";
import { type Benchmark, type Figure, percentile } from "./figure.ts";
import { pin } from "./pins.ts";

const RATE = 1000;
const TICK_MS = 20;
const NEWEST = 100_000;
const STREAM = "streaming-bench-pin";

/**
 * The stream arm at 1,000 records a second for as long as one likes (`--minutes`), every tenth replacing one of the
 * newest 100,000 keys. Older versions stay readable for a quarter of the time, so that everything that is to be removed
 * in the end is removed in the run. Fails when rows are missing, or files are left that nobody needs.
 */
export const soak: Benchmark = {
  name: "soak",
  run: async ({ minutes = 1 } = {}) => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-soak-"));
    try {
      return [await run(folder, minutes * 60_000)];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

interface Sample {
  readonly latencyMs: number[];
  rssBytes: number;
  files: number;
  filesOnDisk: number;
  logFiles: number;
}

async function run(folder: string, lengthMs: number): Promise<Figure> {
  const historyMs = lengthMs / 4;
  await using engine = createDuckDbEngine({});
  await using objects = await openFilesystemStore({ root: join(folder, "objects") });
  await using tables = await openFilesystemStore({ root: join(folder, "tables") });
  await using log = await openEmbeddedLog({ folder: join(folder, "log"), clock: systemClock });
  await log.createTopic(streamTopic(STREAM));
  const openTable = (prefix: string) =>
    openDeltaTable({ store: tables, prefix, engine, clock: systemClock, engineInfo: "soak" });
  const dataset = await readDataset(join(import.meta.dirname, "../pinterest/datasets/pin.ts"));
  await using arm = createStreamArm({
    log,
    store: objects,
    engine,
    openTable,
    datasets: [dataset],
    config: { maxRecords: 10_000, triggerMs: 500, historyHours: historyMs / 3_600_000 },
    tempFolder: folder,
    clock: systemClock,
  });
  const stop = new AbortController();
  const running = arm.run(stop.signal);
  running.catch(() => {});

  const table = join(folder, "tables/stream/pin");
  const thirds: Sample[] = Array.from({ length: 3 }, () => ({
    latencyMs: [],
    rssBytes: 0,
    files: 0,
    filesOnDisk: 0,
    logFiles: 0,
  }));
  const waiting: { readonly end: number; readonly sinceMs: number }[] = [];
  const keys = keySet(Math.ceil((lengthMs * RATE) / 1000) + RATE);
  const status = () => arm.status().datasets[0];
  const startMs = performance.now();
  const third = () => thirds[Math.min(2, Math.floor((3 * (performance.now() - startMs)) / lengthMs))] as Sample;
  const settle = () => {
    const next = status()?.shards[0]?.next ?? 0;
    while (waiting[0] !== undefined && waiting[0].end <= next)
      third().latencyMs.push(performance.now() - (waiting.shift()?.sinceMs ?? 0));
  };
  const look = async () => {
    const at = third();
    at.rssBytes = Math.max(at.rssBytes, process.memoryUsage.rss());
    at.files = Math.max(at.files, (await openTable("stream/pin").find())?.files.length ?? 0);
    at.filesOnDisk = Math.max(at.filesOnDisk, readdirSync(table).length);
    at.logFiles = Math.max(at.logFiles, readdirSync(join(table, "_delta_log")).length);
  };

  let [sent, looks] = [0, 0];
  for (let nowMs = startMs; nowMs < startMs + lengthMs; nowMs = performance.now()) {
    const due = Math.floor(((nowMs - startMs) * RATE) / 1000) - sent;
    if (due > 0) {
      const numbers = Array.from({ length: due }, (_, k) => keyOf(sent + k));
      for (const key of numbers) keys.add(key);
      await log.append(streamTopic(STREAM), numbers.map(record));
      sent += due;
      waiting.push({ end: sent, sinceMs: performance.now() });
    }
    settle();
    if (nowMs - startMs > (looks * lengthMs) / 30 && sent > 5 * RATE) {
      looks++;
      await look();
    }
    await Promise.race([delay(TICK_MS), running]);
  }
  await arm.caughtUp(stop.signal);
  settle();
  const { rows, commits = 0 } = status() ?? {};
  stop.abort();
  await running;
  if (rows !== keys.size()) throw new Error(`${keys.size()} keys were sent, and the table has ${rows} rows.`);
  // Two of the four quarters' versions may be there still: a quarter readable, and one until it is looked at.
  const [, , last] = thirds as [Sample, Sample, Sample];
  if (last.logFiles > commits) throw new Error(`After ${commits} commits there are ${last.logFiles} files in the log.`);
  if (last.filesOnDisk > 4 * commits) throw new Error(`${last.filesOnDisk} files lie in the table's folder.`);
  const all = thirds.flatMap(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return {
    name: `stream for ${lengthMs / 60_000} minutes at 1,000 records/s, a tenth replacing, 500 ms trigger: longest beyond the trigger`,
    value: Math.max(0, (all.at(-1) ?? Number.NaN) - 500),
    unit: "ms",
    details: {
      "goal ms": 250,
      commits,
      rows: rows ?? 0,
      "p50 ms": percentile(all, 0.5),
      "p99 ms": percentile(all, 0.99),
      ...byThirds("p99 ms by thirds", ({ latencyMs }) =>
        percentile(
          latencyMs.sort((a, b) => a - b),
          0.99,
        ),
      ),
      ...byThirds("files of the table", ({ files }) => files),
      ...byThirds("files in its folder", ({ filesOnDisk }) => filesOnDisk),
      ...byThirds("files in its log", ({ logFiles }) => logFiles),
      ...byThirds("MB resident", ({ rssBytes }) => rssBytes / 2 ** 20),
    },
  };

  function byThirds(name: string, of: (sample: Sample) => number): Record<string, string> {
    return { [name]: thirds.map((sample) => String(Math.round(of(sample)))).join(" / ") };
  }
}

/** A bit for each: what is resident should be the stream's. */
function keySet(most: number) {
  const bits = new Uint8Array(Math.ceil(most / 8));
  let size = 0;
  return {
    add(key: number) {
      const [at, bit] = [key >> 3, 1 << (key & 7)];
      if (((bits[at] ?? 0) & bit) !== 0) return;
      bits[at] = (bits[at] ?? 0) | bit;
      size++;
    },
    size: () => size,
  };
}

/** New keys in order, but for every tenth. */
const keyOf = (i: number): number => (i % 10 === 9 ? Math.max(0, i - 1 - ((i * 7919) % Math.min(i, NEWEST))) : i);

const record = (key: number) => ({
  key: null,
  value: Buffer.from(JSON.stringify(pin(key))),
  headers: NO_HEADERS,
  timestampMs: 0,
  partition: 0,
});
