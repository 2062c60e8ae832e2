import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openApp } from "../src/app.ts";
import { loadProject } from "../src/config/load-project.ts";
import { streamTopic } from "../src/log/names.ts";
import { type Benchmark, type Figure, percentile } from "./figure.ts";
import { postRecords } from "./posts.ts";

const RATE = 20_000;
const SECONDS = 15;
/** Records come in steps of so much. */
const TICK_MS = 5;
/** The table is looked at so often: what a time may be too long by. */
const LOOK_MS = 1;
const STREAM = "streaming-bench-pin";

/** From a record's acknowledgement by the log to the committed version of the stream table that holds it. */
export const latency: Benchmark = {
  name: "latency",
  run: async () => [await endToEnd(10, 30), await endToEnd(100, 150)],
};

async function endToEnd(triggerMs: number, goalMs: number): Promise<Figure> {
  const data = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
  try {
    // Made beforehand: the load has the pipeline's event loop, and is no part of it.
    const posts = postRecords("pin", 0, RATE * SECONDS);
    const project = await loadProject(join(import.meta.dirname, "../pinterest"), {
      PINLAKE__STREAM__TRIGGER_MS: String(triggerMs),
    });
    await using app = await openApp({ project, data });
    const { log } = app;
    const { stream } = app.stages;
    await log.createTopic(streamTopic(STREAM));
    await stream.check();
    const stop = new AbortController();
    const running = stream.run(stop.signal);

    const waiting: { readonly end: number; readonly records: number; readonly sinceMs: number }[] = [];
    const times: number[] = [];
    const settle = () => {
      const nowMs = performance.now();
      const pin = stream.status().datasets.find(({ dataset }) => dataset === "pin");
      const next = pin?.shards.find(({ stream: name }) => name === STREAM)?.next ?? 0;
      while (waiting[0] !== undefined && waiting[0].end <= next) {
        const { records, sinceMs } = waiting.shift() as (typeof waiting)[number];
        for (let i = 0; i < records; i++) times.push(nowMs - sinceMs);
      }
    };
    const looking = setInterval(settle, LOOK_MS);
    let sent = 0;
    const startMs = performance.now();
    for (let nowMs = startMs; nowMs < startMs + SECONDS * 1000; nowMs = performance.now()) {
      const due = Math.floor(((nowMs - startMs) * RATE) / 1000) - sent;
      if (due > 0) {
        await log.append(streamTopic(STREAM), posts.slice(sent, sent + due));
        sent += due;
        waiting.push({ end: sent, records: due, sinceMs: performance.now() });
      }
      await delay(TICK_MS);
    }
    while (waiting.length > 0) await delay(LOOK_MS);
    clearInterval(looking);
    const seconds = (performance.now() - startMs) / 1000;
    stop.abort();
    await running;
    times.sort((a, b) => a - b);
    return {
      name: `stream end to end, 20,000 records/s, ${triggerMs} ms trigger, p99`,
      value: percentile(times, 0.99),
      unit: "ms",
      details: {
        "goal ms": goalMs,
        "p50 ms": percentile(times, 0.5),
        "longest ms": times.at(-1) ?? Number.NaN,
        "records/s": sent / seconds,
      },
    };
  } finally {
    rmSync(data, { recursive: true });
  }
}
