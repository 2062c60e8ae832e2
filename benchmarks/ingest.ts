import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Benchmark, type Figure, median, percentile } from "./figure.ts";
import type { LoadPlan, LoadResult } from "./load.ts";
import { pin } from "./pins.ts";

const ROUNDS = 5;
const SECONDS = 2;

/** Single records and requests of 100, acknowledged after a sync, against bare `node:http` and the disk. */
export const ingest: Benchmark = {
  name: "ingest",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "pinlake-bench-"));
    try {
      await using bare = await start("bare");
      await using append = await start("append", folder);
      // Two of them: what one load left in the log and on the disk is not the other's.
      await using ones = await start("gateway", join(folder, "ones"));
      await using gateway = await start("gateway", folder);
      return await measure(folder, { ones, gateway, bare, append });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** What is compared takes turns, so that a machine that drifts drifts for both; medians of the rounds count. */
async function measure(
  folder: string,
  { ones, gateway, bare, append }: Record<"ones" | "gateway" | "bare" | "append", Server>,
): Promise<Figure[]> {
  const [one, hundred] = [requests(1), requests(100)];
  const rounds: Round[] = [];
  for (const server of [bare, ones]) await underLoad(server, 64, one);
  for (const server of [append, gateway]) await underLoad(server, 32, hundred);
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({
      bare: await underLoad(bare, 64, one),
      single: await underLoad(ones, 64, one),
      fsyncMs: syncTimes(folder, "longer"),
      overZerosMs: syncTimes(folder, "zeros"),
      few: await underLoad(ones, 16, one),
      synced: syncedAppends(folder, 32 * 100),
      appended: await underLoad(append, 32, hundred),
      hundreds: await underLoad(gateway, 32, hundred),
    });
  const over = (value: (round: Round) => number) => median(rounds.map(value));
  const cpuUs = (name: "bare" | "single" | "appended" | "hundreds") => over((round) => round[name].cpuUsPerRequest);
  const fsyncMs = (share: number) => over((round) => percentile(round.fsyncMs, share));
  const overZerosMs = over((round) => percentile(round.overZerosMs, 0.5));
  const latency = (name: "single" | "few" | "hundreds") => ({
    "p50 ms": over((round) => percentile(round[name].latenciesMs, 0.5)),
    "p99 ms": over((round) => percentile(round[name].latenciesMs, 0.99)),
    failures: rounds.reduce((sum, round) => sum + round[name].failures, 0),
  });
  return [
    {
      name: "ingest, 1 record per request, 64 connections",
      value: over(({ single }) => rate(single)),
      unit: "records/s",
      limit: { what: "bare node:http that does not read the body", value: over((round) => rate(round.bare)) },
      goal: 0.75,
      details: { ...latency("single"), "CPU us/request": cpuUs("single"), "bare CPU us/request": cpuUs("bare") },
    },
    {
      name: "acknowledgement, 16 connections, p50",
      value: latency("few")["p50 ms"],
      unit: "ms",
      details: {
        ...latency("few"),
        "fdatasync p50 ms": fsyncMs(0.5),
        "fdatasync p99 ms": fsyncMs(0.99),
        "fdatasync over zeros p50 ms": overZerosMs,
      },
    },
    {
      name: "ingest, 100 records per request, 32 connections",
      value: over(({ hundreds }) => rate(hundreds) * 100),
      unit: "records/s",
      limit: {
        what: "bare node:http that appends the bodies, synced, and looks at nothing",
        value: over(({ appended }) => rate(appended) * 100),
      },
      goal: 0.45,
      details: {
        ...latency("hundreds"),
        "CPU us/request": cpuUs("hundreds"),
        "its CPU us/request": cpuUs("appended"),
        "synced appends of the same bytes without HTTP, records/s": over((round) => round.synced),
        "of these": over(({ hundreds }) => rate(hundreds) * 100) / over((round) => round.synced),
      },
    },
  ];
}

interface Round {
  readonly bare: Loaded;
  readonly single: Loaded;
  readonly fsyncMs: readonly number[];
  readonly overZerosMs: readonly number[];
  readonly few: Loaded;
  /** Records/s. */
  readonly synced: number;
  readonly appended: Loaded;
  readonly hundreds: Loaded;
}

const rate = ({ requests, seconds }: LoadResult): number => requests / seconds;

function requests(recordsEach: number): string[] {
  return Array.from({ length: 64 }, (_, i) => {
    const records = Array.from({ length: recordsEach }, (_, k) => ({ value: pin(i * recordsEach + k) }));
    const body = Buffer.from(JSON.stringify({ records }));
    const head = `POST /topics/bench.pin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/vnd.kafka.json.v2+json\r\nContent-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]).toString("base64");
  });
}

interface Server extends AsyncDisposable {
  readonly port: number;
  /** CPU time used so far, all threads. */
  cpuUs(): Promise<number>;
}

async function start(...args: readonly string[]): Promise<Server> {
  const child = fork(join(import.meta.dirname, "ingest-server.ts"), args);
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async cpuUs() {
      child.send("cpu");
      const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
      return user + system;
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

interface Loaded extends LoadResult {
  readonly cpuUsPerRequest: number;
}

async function underLoad(server: Server, connections: number, bodies: readonly string[]): Promise<Loaded> {
  const before = await server.cpuUs();
  const result = await load(server.port, connections, bodies);
  return { ...result, cpuUsPerRequest: ((await server.cpuUs()) - before) / result.requests };
}

function load(port: number, connections: number, bodies: readonly string[]): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "load.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  const plan: LoadPlan = { port, connections, seconds: SECONDS, requests: bodies };
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
function syncTimes(folder: string, into: "longer" | "zeros"): number[] {
  return measureAppends(folder, Buffer.alloc(1024, 1), 200, into).sort((a, b) => a - b);
}

/** Records/s when nothing is done but writing and syncing as many record bytes as can wait at the same time. */
function syncedAppends(folder: string, recordsPerSync: number): number {
  const bytes = Buffer.from(JSON.stringify(pin(1)).repeat(recordsPerSync));
  const times = measureAppends(folder, bytes, 60);
  return (recordsPerSync * times.length * 1000) / times.reduce((a, b) => a + b, 0);
}

/** Into a file that becomes longer by each, or over zeros that are on the disk already. */
function measureAppends(folder: string, bytes: Buffer, rounds: number, into: "longer" | "zeros" = "longer"): number[] {
  const fd = openSync(join(folder, "appends"), "w");
  try {
    if (into === "zeros") writeSync(fd, Buffer.alloc(bytes.length * rounds));
    fdatasyncSync(fd);
    return Array.from({ length: rounds }, (_, i) => {
      const startMs = performance.now();
      writeSync(fd, bytes, 0, bytes.length, i * bytes.length);
      fdatasyncSync(fd);
      return performance.now() - startMs;
    });
  } finally {
    closeSync(fd);
  }
}
