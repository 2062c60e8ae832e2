import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import { PinlakeError } from "../../../src/errors.ts";
import type { EventLog } from "../../../src/log/event-log.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { type GatewayWorld, type GatewayWorldOptions, gatewayWorld } from "../../support/gateway.ts";
import { type RawConnection, rawConnection } from "../../support/raw-http.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});
const lanes = [
  { lane: "the plain lane", plainLane: true },
  { lane: "node:http", plainLane: false },
];
const starter =
  (plainLane: boolean) =>
  async (options: GatewayWorldOptions = {}): Promise<GatewayWorld> => {
    const world = await gatewayWorld({ plainLane, ...options });
    open.push(world);
    return world;
  };

async function raw(world: GatewayWorld): Promise<RawConnection> {
  const connection = await rawConnection(world.gateway.url);
  open.push(connection);
  return connection;
}

const head = (length: string, more = "") =>
  `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n${more}\r\n`;
const BODY = '{"records":[{"value":1}]}';
const WHOLE = head(`Content-Length: ${BODY.length}`) + BODY;

/** The log with another `append`. */
const withAppend = (append: EventLog["append"]): EventLog => ({ ...createMemoryLog(), append });

describe.each(lanes)("the gateway's limits, through $lane", ({ plainLane }) => {
  const start = starter(plainLane);
  it("refuses a body that is declared too large before it is read, and lets a client that asks first know at once", async () => {
    const world = await start({ maxBodyBytes: 1000 });
    const asking = await raw(world);
    asking.socket.write(head("Content-Length: 1001", "Expect: 100-continue\r\n"));
    expect(await asking.next()).toMatch(/^HTTP\/1.1 413 .*\{"error_code":413,/s);
    const silent = await raw(world);
    silent.socket.write(head("Content-Length: 100000000"));
    expect(await silent.next()).toMatch(/^HTTP\/1.1 413 .*connection: close/is);
    const allowed = await raw(world);
    allowed.socket.write(head(`Content-Length: ${BODY.length}`, "Expect: 100-continue\r\n"));
    expect(await allowed.next()).toMatch(/^HTTP\/1.1 100/);
    allowed.socket.write(BODY);
    expect(await allowed.next()).toMatch(/^HTTP\/1.1 200/);
    expect(world.gateway.status().inFlightBytes).toBe(0);
  });

  it("refuses a body of unknown length as soon as it is too large, on both APIs, also while the client still sends", async () => {
    const world = await start({ maxBodyBytes: 100_000 });
    const { socket, next } = await raw(world);
    socket.write(head("Transfer-Encoding: chunked"));
    for (let i = 0; i < 3; i++) socket.write(`ea60\r\n${" ".repeat(60_000)}\r\n`);
    expect(await next()).toMatch(/^HTTP\/1.1 413 .*\{"error_code":413,/s);
    const large = "x".repeat(200_000);
    const kafka = await world.call("POST", "/topics/t", large);
    expect([kafka.status, kafka.body.error_code]).toEqual([413, 413]);
    const kinesis = await world.call("PUT", "/dev/streams/s/record", large);
    expect([kinesis.status, kinesis.body.__type]).toEqual([413, "RequestTooLargeException"]);
  });

  it("takes a chunked body", async () => {
    const { socket, next } = await raw(await start());
    socket.write(`${head("Transfer-Encoding: chunked")}5\r\n${BODY.slice(0, 5)}\r\n`);
    socket.write(`${(BODY.length - 5).toString(16)}\r\n${BODY.slice(5)}\r\n0\r\n\r\n`);
    expect(await next()).toMatch(/^HTTP\/1.1 200/);
  });

  it("holds no more bytes of requests than allowed, and says when to come again", async () => {
    const waiting = Promise.withResolvers<void>();
    const memory = createMemoryLog();
    const log: EventLog = {
      ...memory,
      async append(topic, records) {
        await waiting.promise;
        return memory.append(topic, records);
      },
    };
    await log.createTopic(streamTopic("s"));
    const world = await start({ log, maxInFlightBytes: 100 });
    const first = world.call("POST", "/topics/t", BODY.padEnd(90));
    await expect.poll(() => world.gateway.status().inFlightBytes).toBe(90);
    const kafka = await world.call("POST", "/topics/t", BODY);
    expect([kafka.status, kafka.body.error_code, kafka.headers.get("retry-after")]).toEqual([503, 50302, "1"]);
    const kinesis = await world.call("PUT", "/streams/s/record", '{"Data":1,"PartitionKey":"k"}');
    expect([kinesis.status, kinesis.body.__type]).toEqual([400, "ProvisionedThroughputExceededException"]);
    expect((await world.call("GET", "/topics")).status).toBe(200);
    waiting.resolve();
    expect((await first).status).toBe(200);
    expect((await world.call("POST", "/topics/t", BODY.padEnd(200))).status).toBe(200);
    expect(world.gateway.status()).toMatchObject({ inFlightBytes: 0, inFlightRequests: 0 });
  });

  it("keeps nothing of a body that is answered, while its connection rests", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const world = await start();
    const [count, size] = [10, 2 << 20];
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < count; i++) {
      const { socket, next } = await raw(world);
      socket.write(head(`Content-Length: ${size}`) + " ".repeat(size));
      expect(await next()).toMatch(/^HTTP\/1.1 400 .*connection: keep-alive/is);
    }
    await expect
      .poll(() => {
        collectGarbage();
        return process.memoryUsage().arrayBuffers - before;
      })
      .toBeLessThan((count * size) / 2);
  });

  it("lets go of what a client that went away had announced", async () => {
    const world = await start();
    const { socket } = await raw(world);
    socket.write(head("Content-Length: 5000") + BODY);
    await expect.poll(() => world.gateway.status().inFlightBytes).toBe(5000);
    socket.destroy();
    await expect.poll(() => world.gateway.status()).toMatchObject({ inFlightBytes: 0, inFlightRequests: 0 });
    expect(await world.log.listTopics()).toEqual([]);
  });

  it("answers only for names of this machine, when it listens on this machine", async () => {
    const world = await start();
    const { socket, next } = await raw(world);
    for (const [host, status] of [
      ["localhost", 200],
      ["LOCALHOST:8082", 200],
      ["127.0.0.1:1", 200],
      ["[::1]:8082", 200],
      ["pinlake.localhost", 200],
      ["evil.example", 403],
      ["127.0.0.1.evil.example", 403],
      ["localhost.evil.example:8082", 403],
    ]) {
      socket.write(`GET /topics HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(await next(), `${host}`).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
    socket.write(`PUT /streams/s/record HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}`);
    expect(await next()).toMatch(/^HTTP\/1.1 403 .*AccessDeniedException/s);
  });
});

describe.each(lanes)("the gateway when the disk is full, through $lane", ({ plainLane }) => {
  const start = starter(plainLane);
  const full = () => new PinlakeError("STORAGE_FULL", { path: "the log" });

  it("answers 503 with Retry-After when nothing of the request was stored, and goes on when there is room", async () => {
    const memory = createMemoryLog();
    let room = false;
    const log: EventLog = { ...memory, append: (t, r) => (room ? memory.append(t, r) : Promise.reject(full())) };
    await log.createTopic("t");
    await log.createTopic(streamTopic("s"));
    const world = await start({ log });
    const kafka = () => world.call("POST", "/topics/t", BODY);
    const record = () => world.call("PUT", "/streams/s/record", '{"Data":1,"PartitionKey":"k"}');
    const records = () => world.call("PUT", "/streams/s/records", '{"records":[{"data":"1","partition-key":"k"}]}');
    expect(await kafka()).toMatchObject({ status: 503, body: { error_code: 50302 } });
    for (const call of [record, records])
      expect(await call()).toMatchObject({ status: 503, body: { __type: "ServiceUnavailable" } });
    for (const call of [kafka, record, records]) expect((await call()).headers.get("retry-after")).toBe("1");
    room = true;
    for (const call of [kafka, record, records]) expect((await call()).status).toBe(200);
  });

  it("answers 200 with an error for each record that was not stored, when others were", async () => {
    const log = withAppend(async () => [{ partition: 0, offset: 4n }, { error: full() }]);
    await log.createTopic("t");
    await log.createTopic(streamTopic("s"));
    const world = await start({ log });
    const kafka = await world.call("POST", "/topics/t", '{"records":[{"value":1},{"value":2}]}');
    expect(kafka).toMatchObject({
      status: 200,
      body: {
        offsets: [
          { offset: 4, error_code: null },
          { partition: null, offset: null, error_code: 50003 },
        ],
      },
    });
    const two = '{"records":[{"data":"1","partition-key":"k"},{"data":"2","partition-key":"k"}]}';
    const kinesis = await world.call("PUT", "/streams/s/records", two);
    expect(kinesis.body).toMatchObject({
      FailedRecordCount: 1,
      Records: [{ ShardId: "shardId-000000000000" }, { ErrorCode: "InternalFailure" }],
    });
  });

  it("answers 500 in the protocol's form for what nobody expected, without its words", async () => {
    const log = withAppend(() => Promise.reject(new Error("secret detail")));
    await log.createTopic("t");
    await log.createTopic(streamTopic("s"));
    const world = await start({ log });
    expect((await world.call("POST", "/topics/t", BODY)).body).toEqual({
      error_code: 500,
      message: "Internal Server Error",
    });
    const { status, body } = await world.call("PUT", "/streams/s/record", '{"Data":1,"PartitionKey":"k"}');
    expect([status, body]).toEqual([500, { __type: "InternalFailure", message: "An internal error occurred." }]);
  });
});

describe.each(lanes)("the gateway's connections, through $lane", ({ plainLane }) => {
  const start = starter(plainLane);
  it("are kept alive, also after a refused request", async () => {
    const { socket, next } = await raw(await start());
    for (let i = 0; i < 3; i++) {
      socket.write(WHOLE);
      expect(await next()).toContain(`"offset":${i},`);
      socket.write(`${head("Content-Length: 1")}x`);
      expect(await next()).toMatch(/^HTTP\/1.1 400/);
      socket.write(`DELETE /topics HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect(await next()).toMatch(/^HTTP\/1.1 405/);
    }
  });

  it("answer pipelined requests in order", async () => {
    const { socket, next } = await raw(await start());
    socket.write(WHOLE.repeat(20));
    for (let i = 0; i < 20; i++) expect(await next()).toContain(`"offset":${i},`);
  });

  it("get an answer in our form to what is no HTTP request", async () => {
    const { socket, next, closed } = await raw(await start());
    socket.write("NONSENSE\r\n\r\n");
    expect(await next()).toMatch(/^HTTP\/1.1 400 .*\{"error_code":400,/s);
    await closed;
  });

  it("finish their requests when the gateway closes, and take no new ones", async () => {
    const waiting = Promise.withResolvers<void>();
    const memory = createMemoryLog();
    const log: EventLog = {
      ...memory,
      async append(topic, records) {
        await waiting.promise;
        return memory.append(topic, records);
      },
    };
    const world = await start({ log });
    const silent = await raw(world);
    const busy = await raw(world);
    busy.socket.write(WHOLE);
    await expect.poll(() => world.gateway.status().inFlightRequests).toBe(1);
    let closed = false;
    const closing = world.gateway.close().then(() => {
      closed = true;
    });
    await expect(fetch(`${world.gateway.url}/topics`)).rejects.toThrow();
    expect(closed).toBe(false);
    waiting.resolve();
    expect(await busy.next()).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
    await Promise.all([busy.closed, silent.closed, closing]);
    expect(await memory.bounds("t", 0)).toEqual({ start: 0n, end: 1n });
  });

  it("cannot be made on a port that is taken: the error names the address", async () => {
    const world = await start();
    const port = Number(new URL(world.gateway.url).port);
    await expect(gatewayWorld({ port })).rejects.toMatchObject({
      code: "PORT_UNAVAILABLE",
      details: { address: `127.0.0.1:${port}` },
    });
  });
});
