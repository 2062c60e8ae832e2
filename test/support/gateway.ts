import { type Clock, systemClock } from "../../src/clock.ts";
import type { GatewayConfig } from "../../src/gateway/http.ts";
import { type Gateway, startGateway } from "../../src/gateway/server.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";

/** A gateway's configuration on a free port, as the defaults are. */
export const gatewayConfig = (changes: Partial<GatewayConfig> = {}): GatewayConfig => ({
  host: "127.0.0.1",
  port: 0,
  stages: ["dev", "test", "prod"],
  maxBodyBytes: 16 * 1024 * 1024,
  maxInFlightBytes: 256 * 1024 * 1024,
  autoCreate: true,
  partitions: 1,
  maxRecordBytes: 1024 * 1024,
  ...changes,
});

export interface GatewayWorld extends AsyncDisposable {
  readonly log: EventLog;
  readonly gateway: Gateway;
  /** Sends a request; a JSON answer is parsed. */
  call(method: string, path: string, body?: Body, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The values of a topic's partition, as text. */
  values(topic: string, partition?: number): Promise<(string | null)[]>;
}

export type Body = string | Buffer<ArrayBuffer>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects
  readonly body: any;
}

export interface GatewayWorldOptions extends Partial<GatewayConfig> {
  readonly log?: EventLog;
  readonly clock?: Clock;
  readonly plainLane?: boolean;
}

/** A gateway in front of a memory log. */
export async function gatewayWorld({
  log,
  clock = systemClock,
  plainLane,
  ...changes
}: GatewayWorldOptions = {}): Promise<GatewayWorld> {
  const config = gatewayConfig(changes);
  const kept = log ?? createMemoryLog({ maxRecordBytes: config.maxRecordBytes });
  const gateway = await startGateway({
    log: kept,
    config,
    clock,
    ...(plainLane === undefined ? {} : { plainLane }),
  });
  return {
    log: kept,
    gateway,
    async call(method, path, body, headers = {}) {
      const response = await fetch(gateway.url + path, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": contentTypeOf(path) }), ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      const json = response.headers.get("content-type")?.includes("json") === true && text !== "";
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
    },
    async values(topic, partition = 0) {
      const { records } = await kept.read(topic, partition, 0n);
      return records.map(({ value }) => (value === null ? null : Buffer.from(value).toString()));
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await kept.close();
    },
  };
}

const contentTypeOf = (path: string) =>
  path.includes("/topics") ? "application/vnd.kafka.json.v2+json" : "application/json";
