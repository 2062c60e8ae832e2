/**
 * The load, in a process of its own: keep-alive connections, each with one request under way (no pipelining). Prints one
 * JSON document: requests, seconds, sorted latencies in ms (sampled), and statuses other than 200.
 */
import { connect } from "node:net";

export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Whole requests in bytes (base64), sent in turn. */
  readonly requests: readonly string[];
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
  readonly failures: number;
}

const plan = JSON.parse(await new Response(process.stdin as never).text()) as LoadPlan;
const requests = plan.requests.map((text) => Buffer.from(text, "base64"));
const latenciesMs: number[] = [];
let sent = 0;
let done = 0;
let failures = 0;
const startMs = performance.now();
const endMs = startMs + plan.seconds * 1000;

const HEADER_END = Buffer.from("\r\n\r\n");

function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: plan.port, host: "127.0.0.1", noDelay: true });
    let sentAtMs = 0;
    let pending = Buffer.alloc(0);
    const next = () => {
      sentAtMs = performance.now();
      socket.write(requests[sent++ % requests.length] as Buffer);
    };
    socket.on("connect", next);
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const headerEnd = pending.indexOf(HEADER_END);
      if (headerEnd < 0) return;
      const header = pending.toString("latin1", 0, headerEnd);
      const length = Number(/content-length: (\d+)/i.exec(header)?.[1] ?? 0);
      if (pending.length < headerEnd + 4 + length) return;
      if (!header.startsWith("HTTP/1.1 200")) failures++;
      pending = Buffer.alloc(0);
      const nowMs = performance.now();
      if (done++ % 8 === 0) latenciesMs.push(nowMs - sentAtMs);
      if (nowMs < endMs) return next();
      socket.end();
      resolve();
    });
  });
}

await Promise.all(Array.from({ length: plan.connections }, run));
latenciesMs.sort((a, b) => a - b);
const result: LoadResult = { requests: done, seconds: (performance.now() - startMs) / 1000, latenciesMs, failures };
process.stdout.write(JSON.stringify(result));
