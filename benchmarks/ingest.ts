import { spawn } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import { defineConfig } from "../src/define/config.ts";
import { startGateway } from "../src/gateway/server.ts";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";
import { type Benchmark, type Figure, percentile } from "./figure.ts";
import type { LoadPlan, LoadResult } from "./load.ts";
import { pin } from "./pins.ts";

const SECONDS = 4;

/** Single records and requests of 100, acknowledged after a sync, against bare `node:http` and the disk. */
export const ingest: Benchmark = {
  name: "ingest",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      const fsyncMs = syncTimes(folder);
      const bare = await bareHttp();
      const figures: Figure[] = [];
      await withGateway(folder, async (port) => {
        await load(port, 64, requests(1), 1);
        const single = await load(port, 64, requests(1));
        figures.push({
          name: "ingest, 1 record per request, 64 connections",
          value: single.requests / single.seconds,
          unit: "records/s",
          limit: { what: "bare node:http that does not read the body", value: bare },
          goal: 0.5,
          details: { ...latency(single), failures: single.failures },
        });
        const few = await load(port, 16, requests(1));
        figures.push({
          name: "acknowledgement, 16 connections, p50",
          value: percentile(few.latenciesMs, 0.5),
          unit: "ms",
          details: {
            "p99 ms": percentile(few.latenciesMs, 0.99),
            "fdatasync p50 ms": percentile(fsyncMs, 0.5),
            "fdatasync p99 ms": percentile(fsyncMs, 0.99),
          },
        });
        const hundreds = await load(port, 32, requests(100));
        figures.push({
          name: "ingest, 100 records per request, 32 connections",
          value: (hundreds.requests * 100) / hundreds.seconds,
          unit: "records/s",
          limit: { what: "synced appends of the same bytes", value: syncedAppends(folder, 32 * 100) },
          goal: 0.3,
          details: { ...latency(hundreds), failures: hundreds.failures },
        });
      });
      return figures;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const latency = ({ latenciesMs }: LoadResult) => ({
  "p50 ms": percentile(latenciesMs, 0.5),
  "p99 ms": percentile(latenciesMs, 0.99),
});

function requests(recordsEach: number): string[] {
  return Array.from({ length: 64 }, (_, i) => {
    const records = Array.from({ length: recordsEach }, (_, k) => ({ value: pin(i * recordsEach + k) }));
    const body = Buffer.from(JSON.stringify({ records }));
    const head = `POST /topics/bench.pin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/vnd.kafka.json.v2+json\r\nContent-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]).toString("base64");
  });
}

async function withGateway(folder: string, work: (port: number) => Promise<void>): Promise<void> {
  const { gateway, log: settings } = defineConfig({ gateway: { port: 0 } });
  await using log = await openEmbeddedLog({
    ...settings,
    folder: join(folder, "log"),
    stateFile: join(folder, "state.db"),
    clock: systemClock,
  });
  const server = await startGateway({ log, config: { ...gateway, ...settings }, clock: systemClock });
  try {
    await work(Number(new URL(server.url).port));
  } finally {
    await server.close();
  }
}

async function bareHttp(): Promise<number> {
  const server = createServer((_, response) => response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await load(port, 64, requests(1), 1);
    const result = await load(port, 64, requests(1));
    return result.requests / result.seconds;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function load(port: number, connections: number, bodies: readonly string[], seconds = SECONDS): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "load.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  const plan: LoadPlan = { port, connections, seconds, requests: bodies };
  child.stdin.end(JSON.stringify(plan));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(Buffer.concat(chunks).toString())) : reject(new Error(`load ended with ${code}`)),
    );
  });
}

/** Sorted times of single 1 kB synced appends: what an acknowledgement cannot be quicker than. */
function syncTimes(folder: string): number[] {
  return measureAppends(folder, Buffer.alloc(1024, 1), 500).sort((a, b) => a - b);
}

/** Records/s when nothing is done but writing and syncing as many record bytes as can wait at the same time. */
function syncedAppends(folder: string, recordsPerSync: number): number {
  const bytes = Buffer.from(JSON.stringify(pin(1)).repeat(recordsPerSync));
  const times = measureAppends(folder, bytes, 150);
  return (recordsPerSync * times.length * 1000) / times.reduce((a, b) => a + b, 0);
}

function measureAppends(folder: string, bytes: Buffer, rounds: number): number[] {
  const fd = openSync(join(folder, "appends"), "w");
  try {
    return Array.from({ length: rounds }, () => {
      const startMs = performance.now();
      writeSync(fd, bytes);
      fdatasyncSync(fd);
      return performance.now() - startMs;
    });
  } finally {
    closeSync(fd);
  }
}
