import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import type { SourceRow, SourceTable } from "../../../src/define/source.ts";
import { type EmulatorOptions, requireAllAccepted, runEmulator } from "../../../src/emulator/emulate.ts";
import { startGateway } from "../../../src/gateway/server.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import type { Source } from "../../../src/source/source.ts";
import { gatewayConfig } from "../../support/gateway.ts";

const tables: readonly SourceTable[] = [
  { name: "left", key: "id", columns: [{ name: "id", type: "integer" }] },
  { name: "right", key: "no", columns: [{ name: "no", type: "integer" }] },
];
/** Rows 0..9 in `left`, even ones in `right`. */
const stored = new Map<string, SourceRow[]>([
  ["left", Array.from({ length: 10 }, (_, id) => ({ id, text: `é "${id}"`, big: 2n ** 60n + BigInt(id) }))],
  ["right", [0, 2, 4, 6, 8].map((no) => ({ no, at: "2020-08-28 03:52:47", none: null }))],
]);
const source: Source = {
  tables: async () => tables,
  rowByKey: async (table, key) => stored.get(table)!.find((row) => (row.id ?? row.no) === key),
  async *rows(table) {
    yield* stored.get(table)!;
  },
  count: async (table) => stored.get(table)!.length,
  [Symbol.asyncDispose]: async () => {},
};

const options = (url: string, more: Partial<EmulatorOptions> = {}): EmulatorOptions => ({
  source,
  datasets: [
    { name: "l", table: "left" },
    { name: "r", table: "right" },
  ],
  url,
  namespace: "ns",
  to: "both",
  seed: 100,
  random: "all",
  delay: { minMs: 0, maxMs: 0 },
  inFlight: 4,
  clock: systemClock,
  retries: { attempts: 5, firstDelayMs: 1, maxDelayMs: 5 },
  ...more,
});

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly type: string | undefined;
  readonly body: string;
}
type Answer = (
  request: Sent,
  nth: number,
) => { status: number; body: string; headers?: Record<string, string> } | "hang up";
const ok: Answer = ({ method, url }) =>
  method === "GET"
    ? { status: 404, body: "{}" }
    : url.includes("/streams/")
      ? { status: 200, body: '{"SequenceNumber":"49","ShardId":"shardId-000000000000"}' }
      : { status: 200, body: '{"offsets":[{"partition":0,"offset":7,"error_code":null,"error":null}]}' };

/** A server that answers as it is told, to see what is sent and what is done about failures. */
async function server(answer: Answer): Promise<{ readonly url: string; readonly posts: Sent[] }> {
  const posts: Sent[] = [];
  const read = async (request: IncomingMessage): Promise<Sent> => ({
    method: request.method!,
    url: request.url!,
    type: request.headers["content-type"],
    body: Buffer.concat(await request.toArray()).toString(),
  });
  const http: Server = createServer(async (request, response) => {
    const sent = await read(request);
    if (sent.method !== "GET") posts.push(sent);
    const answered = answer(sent, posts.length);
    if (answered === "hang up") request.socket.destroy();
    else response.writeHead(answered.status, answered.headers).end(answered.body);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  open.push({
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, posts };
}

describe("the emulator", () => {
  it("posts every row of every table once to both arms of a gateway, and counts what a table lacks", async () => {
    const log = createMemoryLog();
    const gateway = await startGateway({ log, clock: systemClock, config: gatewayConfig() });
    open.push(log, gateway);
    for (const name of ["l", "r"]) await log.createTopic(streamTopic(`streaming-ns-${name}`));
    const result = await runEmulator(options(`${gateway.url}/test/`));
    expect(result).toEqual({
      posts: { sent: 10, failed: 0 },
      sent: 30,
      failed: 0,
      missing: 5,
      firstFailure: undefined,
    });
    requireAllAccepted(result);
    const values = async (topic: string) =>
      (await log.read(topic, 0, 0n)).records.map(({ value }) => Buffer.from(value!).toString());
    expect((await values("ns.l")).sort()).toEqual((await values(streamTopic("streaming-ns-l"))).sort());
    expect((await values("ns.l")).find((v) => v.includes('"id":3'))).toBe(
      '{"id":3,"text":"é \\"3\\"","big":1152921504606846979}',
    );
    expect(await values("ns.r")).toContain('{"no":4,"at":"2020-08-28 03:52:47","none":null}');
  });

  it("keeps all versions of a row in one partition and shard, and the original's constant key where there is one shard", async () => {
    const log = createMemoryLog();
    const gateway = await startGateway({ log, clock: systemClock, config: gatewayConfig() });
    open.push(log, gateway);
    await log.createTopic("ns.l", { partitions: 3 });
    await log.createTopic("ns.r", { partitions: 1 });
    await log.createTopic(streamTopic("streaming-ns-l"), { partitions: 3 });
    await log.createTopic(streamTopic("streaming-ns-r"), { partitions: 1 });
    for (let run = 0; run < 2; run++) requireAllAccepted(await runEmulator(options(gateway.url)));
    const keys = async (topic: string) => {
      const found: string[][] = [];
      for (const { partition } of (await log.describeTopic(topic)).partitions)
        found.push((await log.read(topic, partition, 0n)).records.map(({ key }) => String(key && Buffer.from(key))));
      return found;
    };
    for (const topic of ["ns.l", streamTopic("streaming-ns-l")]) {
      const found = await keys(topic);
      expect(found.flat()).toHaveLength(20);
      const places = found.flatMap((inPartition) => [...new Set(inPartition)]);
      expect(new Set(places).size).toBe(places.length);
    }
    expect(new Set((await keys("ns.r")).flat())).toEqual(new Set(["null"]));
    expect(new Set((await keys(streamTopic("streaming-ns-r"))).flat())).toEqual(new Set(["ns-r"]));
  });

  it("sends the bodies of the original's scripts", async () => {
    const { url, posts } = await server((request, nth) =>
      request.method === "GET"
        ? { status: 200, body: '{"partitions":[{}],"StreamDescription":{"Shards":[{}]}}' }
        : ok(request, nth),
    );
    await runEmulator(options(url, { posts: 1 }));
    const row = '{"no":0,"at":"2020-08-28 03:52:47","none":null}';
    expect(posts).toContainEqual({
      method: "POST",
      url: "/topics/ns.r",
      type: "application/vnd.kafka.json.v2+json",
      body: `{"records":[{"value":${row}}]}`,
    });
    expect(posts).toContainEqual({
      method: "PUT",
      url: "/streams/streaming-ns-r/record",
      type: "application/json",
      body: `{"StreamName":"streaming-ns-r","Data":${row},"PartitionKey":"ns-r"}`,
    });
    expect(posts).toHaveLength(4);
  });

  it.each<[string, ReturnType<Answer>]>([
    ["a lost connection", "hang up"],
    ["429", { status: 429, body: "slow down" }],
    ["503", { status: 503, body: "{}", headers: { "Retry-After": "0" } }],
    [
      "a throttled shard",
      { status: 400, body: '{"__type":"ProvisionedThroughputExceededException","message":"Rate exceeded"}' },
    ],
    [
      "a retriable error inside a 200",
      { status: 200, body: '{"offsets":[{"partition":null,"offset":null,"error_code":50003,"error":"x"}]}' },
    ],
  ])("sends again after %s", async (name, answer) => {
    const to = name.includes("shard") ? "stream" : "batch";
    const { url, posts } = await server((request, nth) =>
      request.method !== "GET" && nth % 3 !== 0 ? answer : ok(request, nth),
    );
    const result = await runEmulator(
      options(url, { to, posts: 4, inFlight: 1, datasets: [{ name: "l", table: "left" }] }),
    );
    expect(result).toMatchObject({ posts: { sent: 4, failed: 0 }, sent: 4, failed: 0, firstFailure: undefined });
    expect(posts).toHaveLength(12);
    expect(new Set(posts.map(({ body }) => body)).size).toBe(4);
  });

  it.each<[string, ReturnType<Answer>, RegExp, number]>([
    [
      "422",
      { status: 422, body: "Unrecognized field: x" },
      /POST \/topics\/ns.l answered 422: Unrecognized field: x/,
      1,
    ],
    [
      "a final error inside a 200",
      { status: 200, body: '{"offsets":[{"partition":null,"offset":null,"error_code":50002,"error":"too large"}]}' },
      /answered 200: .*too large/,
      1,
    ],
    ["a 200 of something else", { status: 200, body: "<html>" }, /answered 200: <html>/, 1],
    ["a server that stays away", { status: 503, body: "{}" }, /answered 503/, 5],
    ["a connection that never holds", "hang up", /had no answer/, 5],
  ])("reports %s with status and body, after as many attempts as make sense", async (_, answer, expected, attempts) => {
    const { url, posts } = await server(() => answer);
    const result = await runEmulator(options(url, { to: "batch", posts: 1, datasets: [{ name: "l", table: "left" }] }));
    expect(result).toMatchObject({ posts: { sent: 0, failed: 1 }, sent: 0, failed: 1 });
    expect(result.firstFailure).toMatch(expected);
    expect(posts).toHaveLength(attempts);
    expect(() => requireAllAccepted(result)).toThrow(/1 of 1 records were not accepted.*\/topics\/ns\.l/);
  });

  it("stops at the signal, finishing and counting what is under way", async () => {
    const { url, posts } = await server(ok);
    const stop = new AbortController();
    const result = await runEmulator(
      options(url, {
        random: "uniform",
        signal: stop.signal,
        onProgress: ({ posts: { sent } }) => {
          if (sent === 20) stop.abort();
        },
      }),
    );
    expect(result.failed).toBe(0);
    expect(result.sent).toBe(posts.length);
    expect(result.posts.sent).toBeGreaterThanOrEqual(20);
  });

  it("fails with the source's error, leaving nothing behind", async () => {
    const { url } = await server(ok);
    const broken: Source = { ...source, rowByKey: () => Promise.reject(new Error("the disk is gone")) };
    await expect(runEmulator(options(url, { source: broken, random: "python", posts: 50 }))).rejects.toThrow(
      "the disk is gone",
    );
  });
});
