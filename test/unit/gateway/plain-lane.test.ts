import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { manualClock } from "../../../src/clock.ts";
import type { EventLog } from "../../../src/log/event-log.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { type GatewayWorld, type GatewayWorldOptions, gatewayWorld } from "../../support/gateway.ts";
import { exchangeBytes, type RawConnection, rawConnection, withoutTimes } from "../../support/raw-http.ts";

const BODY = '{"records":[{"value":1}]}';
const LENGTH = `Content-Length: ${BODY.length}`;
const post = (lines: readonly string[], body = BODY, line = "POST /topics/t HTTP/1.1") =>
  `${[line, ...lines].join("\r\n")}\r\n\r\n${body}`;
const HOST = "Host: localhost";
const JSON_TYPE = "Content-Type: application/json";
const PLAIN = post([HOST, JSON_TYPE, LENGTH]);
const LAST = "GET /topics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const put = (path: string, body: string, ...more: string[]) =>
  post([HOST, ...more, `Content-Length: ${Buffer.byteLength(body)}`], body, `PUT ${path} HTTP/1.1`);

describe("an answer of the plain lane is to the byte what node:http sends for", () => {
  const worlds: GatewayWorld[] = [];
  beforeAll(async () => {
    for (const plainLane of [true, false]) {
      const world = await gatewayWorld({ plainLane, maxBodyBytes: 100_000 });
      await world.log.createTopic(streamTopic("s"), {
        hashRanges: [{ start: 0n, end: 2n ** 128n - 1n }],
      });
      await world.log.createTopic("t");
      worlds.push(world);
    }
  });
  afterAll(async () => {
    for (const world of worlds) await world[Symbol.asyncDispose]();
  });

  const smuggled = "GET /topics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  it.each<[string, string]>([
    ["a record", PLAIN],
    ["a record to a stream", put("/streams/s/record", '{"Data":1,"PartitionKey":"k"}')],
    [
      "records to a stream, under a stage",
      put("/dev/streams/s/records", '{"records":[{"data":1,"partition-key":"k"}]}'),
    ],
    ["text that is not ASCII", put("/streams/s/record", '{"Data":"é😀","PartitionKey":""}')],
    [
      "an answer that is not ASCII",
      post([HOST, JSON_TYPE, "Content-Length: 41"], '{"records":[{"é😀":1,"a":"xxxxxx"}]}  '),
    ],
    ["no body", post([HOST, JSON_TYPE, "Content-Length: 0"], "")],
    ["no Content-Length", post([HOST, JSON_TYPE], "")],
    ["a wrong type", post([HOST, "Content-Type: text/plain", LENGTH])],
    ["an answer nobody can read", post([HOST, JSON_TYPE, "Accept: image/png", LENGTH])],
    ["a body that is no JSON", post([HOST, JSON_TYPE, "Content-Length: 3"], "{\r\n")],
    ["an internal topic", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/__stream.s HTTP/1.1")],
    ["an unknown stream", put("/streams/nope/record", '{"Data":1,"PartitionKey":"k"}')],
    ["requests in a row", PLAIN.repeat(5)],
    ["plain and other requests in a row", PLAIN + smuggled + PLAIN],
    ["Connection: keep-alive", post([HOST, JSON_TYPE, "Connection: Keep-Alive", LENGTH])],
    ["Connection: close", post([HOST, JSON_TYPE, "Connection: close", LENGTH]) + PLAIN],
    ["Connection: close, keep-alive", post([HOST, JSON_TYPE, "Connection: close, keep-alive", LENGTH]) + PLAIN],
    ["a length and chunks", post([HOST, JSON_TYPE, LENGTH, "Transfer-Encoding: chunked"]) + smuggled],
    [
      "chunks and a length",
      post([HOST, JSON_TYPE, "Transfer-Encoding: chunked", "Content-Length: 0"], `0\r\n\r\n${smuggled}`),
    ],
    ["chunks", post([HOST, JSON_TYPE, "Transfer-Encoding: chunked"], `19\r\n${BODY}\r\n0\r\n\r\n`)],
    ["a coding that is no coding", post([HOST, JSON_TYPE, LENGTH, "Transfer-Encoding: identity"])],
    ["a coding behind a tab", post([HOST, JSON_TYPE, LENGTH, "Transfer-Encoding:\tchunked"]) + smuggled],
    [
      "a coding with a space before the colon",
      post([HOST, JSON_TYPE, LENGTH, "Transfer-Encoding : chunked"]) + smuggled,
    ],
    ["a folded coding", post([HOST, JSON_TYPE, LENGTH, "Transfer-Encoding:", " chunked"]) + smuggled],
    ["two lengths", post([HOST, JSON_TYPE, LENGTH, "Content-Length: 0"]) + smuggled],
    ["the same length twice", post([HOST, JSON_TYPE, LENGTH, LENGTH]) + smuggled],
    ["a list of lengths", post([HOST, JSON_TYPE, `${LENGTH}, ${BODY.length}`]) + smuggled],
    ["a length with a sign", post([HOST, JSON_TYPE, `Content-Length: +${BODY.length}`]) + smuggled],
    ["a negative length", post([HOST, JSON_TYPE, "Content-Length: -1"]) + smuggled],
    ["a hexadecimal length", post([HOST, JSON_TYPE, "Content-Length: 0x19"]) + smuggled],
    ["a length between spaces", post([HOST, JSON_TYPE, `Content-Length:   ${BODY.length}  `]) + smuggled],
    ["a length behind a tab", post([HOST, JSON_TYPE, `Content-Length:\t${BODY.length}`]) + smuggled],
    ["a length with zeros", post([HOST, JSON_TYPE, `Content-Length: 000${BODY.length}`]) + smuggled],
    ["a length of two words", post([HOST, JSON_TYPE, "Content-Length: 2 5"]) + smuggled],
    ["an empty length", post([HOST, JSON_TYPE, "Content-Length:"]) + smuggled],
    ["a length beyond 64 bits", post([HOST, JSON_TYPE, "Content-Length: 18446744073709551641"]) + smuggled],
    ["lines that end with LF alone", PLAIN.replaceAll("\r\n", "\n")],
    ["one line that ends with LF alone", PLAIN.replace("localhost\r\n", "localhost\n")],
    ["a head that ends with LF alone", PLAIN.replace("\r\n\r\n", "\n\n")],
    ["a CR in a value", post([HOST, JSON_TYPE, "X: a\rb", LENGTH])],
    ["a NUL in a value", post([HOST, JSON_TYPE, "X: a\0b", LENGTH])],
    ["a value that is not ASCII", post([HOST, JSON_TYPE, "X: é", LENGTH])],
    ["an empty value", post([HOST, JSON_TYPE, "X:", LENGTH])],
    ["a space before the colon", post([HOST, JSON_TYPE, `Content-Length : ${BODY.length}`]) + smuggled],
    ["an empty name", post([HOST, JSON_TYPE, ": x", LENGTH])],
    ["a name that is no token", post([HOST, JSON_TYPE, "a(b): x", LENGTH])],
    ["names that every object has", post([HOST, JSON_TYPE, "__proto__: x", "constructor: y", LENGTH])],
    ["a folded value", post([HOST, "X: a", " b", JSON_TYPE, LENGTH])],
    ["a first line that is folded", post([" X: a", HOST, JSON_TYPE, LENGTH])],
    ["a repeated name", post([HOST, "Accept: application/json", "Accept: image/png", JSON_TYPE, LENGTH])],
    ["two hosts", post([HOST, "Host: evil.example", JSON_TYPE, LENGTH])],
    ["no host", post([JSON_TYPE, LENGTH])],
    ["an empty host", post(["Host:", JSON_TYPE, LENGTH])],
    ["an absolute form", post([HOST, JSON_TYPE, LENGTH], BODY, "POST http://localhost/topics/t HTTP/1.1")],
    ["a fragment", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/t#x HTTP/1.1")],
    ["HTTP/1.0", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/t HTTP/1.0")],
    ["HTTP/1.2", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/t HTTP/1.2")],
    ["HTTP/2.0", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/t HTTP/2.0")],
    ["HTTP/0.9", "POST /topics/t\r\n\r\n"],
    ["a lower-case method", post([HOST, JSON_TYPE, LENGTH], BODY, "post /topics/t HTTP/1.1")],
    ["a lower-case version", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/t http/1.1")],
    ["two spaces in the first line", post([HOST, JSON_TYPE, LENGTH], BODY, "POST  /topics/t HTTP/1.1")],
    ["a space behind the first line", post([HOST, JSON_TYPE, LENGTH], BODY, "POST /topics/t HTTP/1.1 ")],
    ["an empty line before the first", `\r\n${PLAIN}`],
    ["a space before the first line", ` ${PLAIN}`],
    ["HEAD", post([HOST, JSON_TYPE, LENGTH], BODY, "HEAD /topics HTTP/1.1")],
    ["a wrong method", post([HOST, JSON_TYPE, LENGTH], BODY, "PUT /topics/t HTTP/1.1")],
    ["Expect", post([HOST, JSON_TYPE, "Expect: 100-continue", LENGTH])],
    ["another expectation", post([HOST, JSON_TYPE, "Expect: x", LENGTH])],
    ["Upgrade", post([HOST, JSON_TYPE, "Connection: upgrade", "Upgrade: websocket", LENGTH])],
    ["Upgrade without a Connection", post([HOST, JSON_TYPE, "Upgrade: h2c", LENGTH])],
    ["an encoded body", post([HOST, JSON_TYPE, "Content-Encoding: gzip", LENGTH])],
    ["the encoding identity", post([HOST, JSON_TYPE, "Content-Encoding: identity", LENGTH])],
    ["a long head", post([HOST, JSON_TYPE, `X: ${"x".repeat(15_000)}`, LENGTH])],
    ["too long a head", post([HOST, JSON_TYPE, `X: ${"x".repeat(17_000)}`, LENGTH])],
    ["a thousand headers", post([HOST, JSON_TYPE, ...Array.from({ length: 1000 }, (_, i) => `X${i}: x`), LENGTH])],
    ["a large body", post([HOST, JSON_TYPE, "Content-Length: 90000"], BODY.padEnd(90_000))],
    ["too large a body", post([HOST, JSON_TYPE, "Content-Length: 100001"], BODY.padEnd(100_001))],
    ["a body cut short", PLAIN.slice(0, -3)],
    ["a head cut short", PLAIN.slice(0, 30)],
    ["nothing", ""],
    ["no HTTP", "\x16\x03\x01\x02\x00\x01\x00"],
  ])("%s", async (_, request) => {
    const cut = /short|^nothing/.test(_);
    const bytes = Buffer.from(cut ? request : request + LAST);
    const pieces = (size: number) =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    for (const sent of [[bytes], pieces(Math.max(61, Math.ceil(bytes.length / 40)))]) {
      const [plain, node] = await Promise.all(worlds.map(({ gateway }) => exchangeBytes(gateway.url, sent)));
      expect(withoutTimes(plain!)).toBe(withoutTimes(node!));
      if (request !== "") expect(plain).toMatch(/^HTTP\/1\.1 \d{3} /);
    }
    for (const { gateway } of worlds) expect(gateway.status()).toMatchObject({ inFlightBytes: 0, inFlightRequests: 0 });
    for (const topic of ["t", streamTopic("s")]) {
      const [plain, node] = await Promise.all(worlds.map(({ log }) => log.bounds(topic, 0)));
      expect(plain, topic).toEqual(node);
    }
  });
});

describe("a connection of the plain lane", () => {
  const open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  });
  async function start(options: GatewayWorldOptions = {}): Promise<GatewayWorld> {
    const world = await gatewayWorld(options);
    open.push(world);
    return world;
  }
  async function connected(world: GatewayWorld, allowHalfOpen = false): Promise<RawConnection> {
    const connection = await rawConnection(world.gateway.url, { allowHalfOpen });
    open.push(connection);
    return connection;
  }
  /** A log whose appends wait until they are let go. */
  function slowLog(): { readonly log: EventLog; letGo(): void } {
    const waiting = Promise.withResolvers<void>();
    const memory = createMemoryLog();
    const append: EventLog["append"] = async (topic, records) => {
      await waiting.promise;
      return memory.append(topic, records);
    };
    return { log: { ...memory, append }, letGo: waiting.resolve };
  }

  it("gives a client that ended its side its answer, then closes", async () => {
    const { log, letGo } = slowLog();
    const world = await start({ log });
    const { socket, next, closed } = await connected(world, true);
    socket.end(PLAIN);
    await expect.poll(() => world.gateway.status().inFlightRequests).toBe(1);
    await setImmediate();
    letGo();
    expect(await next()).toMatch(/^HTTP\/1.1 200 .*connection: close/is);
    await closed;
  });

  it("serves one request after the other: what comes meanwhile waits, and is not lost", async () => {
    const { log, letGo } = slowLog();
    const world = await start({ log });
    const { socket, next } = await connected(world);
    for (let i = 0; i < 3; i++) {
      socket.write(PLAIN.repeat(50));
      await setImmediate();
    }
    await expect.poll(() => world.gateway.status().inFlightRequests).toBe(1);
    expect(world.gateway.status().requests).toBe(1);
    letGo();
    for (let i = 0; i < 150; i++) expect(await next()).toContain(`"offset":${i},`);
  });

  it("reads no further from a client that does not read its answers, and goes on when it does", async () => {
    const world = await start();
    const { socket, next } = await connected(world);
    const body = `{"records":[{"${"x".repeat(50_000)}":1}]}`;
    const request = post([HOST, JSON_TYPE, `Content-Length: ${body.length}`], body);
    const requests = 1000;
    socket.pause();
    for (let i = 0; i < requests; i++) socket.write(request);
    let served = 0;
    for (let still = 0; still < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const now = world.gateway.status().requests;
      still = now > 0 && now === served ? still + 1 : 0;
      served = now;
    }
    // What the operating system takes on both sides, and one answer.
    expect(served).toBeLessThan(requests / 2);
    socket.resume();
    for (let i = 0; i < requests; i++) expect(await next()).toMatch(/^HTTP\/1.1 422 /);
    expect(world.gateway.status()).toMatchObject({ requests, inFlightBytes: 0 });
  });

  it("stays after a request that was refused whole, and ends when a body was still to come", async () => {
    const { log, letGo } = slowLog();
    const world = await start({ log, maxInFlightBytes: 100 });
    const first = await connected(world);
    first.socket.write(post([HOST, JSON_TYPE, "Content-Length: 90"], BODY.padEnd(90)));
    await expect.poll(() => world.gateway.status().inFlightBytes).toBe(90);
    const second = await connected(world);
    for (let i = 0; i < 3; i++) {
      second.socket.write(PLAIN);
      expect(await second.next()).toMatch(/^HTTP\/1.1 503 .*retry-after: 1\r\n.*connection: keep-alive\r\n/is);
    }
    const third = await connected(world);
    third.socket.write(PLAIN.slice(0, -3));
    expect(await third.next()).toMatch(/^HTTP\/1.1 503 .*connection: close\r\n/is);
    third.socket.write(PLAIN.slice(-3));
    await third.closed;
    letGo();
    expect(await first.next()).toMatch(/^HTTP\/1.1 200 /);
    second.socket.write(PLAIN);
    expect(await second.next()).toMatch(/^HTTP\/1.1 200 /);
  });

  it("is closed when it rests too long, and told so when it never asked or did not send what it announced", async () => {
    const clock = manualClock();
    const world = await start({ clock });
    const silent = await connected(world);
    const slow = await connected(world);
    slow.socket.write(PLAIN.slice(0, -3));
    await expect.poll(() => world.gateway.status().inFlightBytes).toBe(BODY.length);
    const resting = await connected(world);
    resting.socket.write(PLAIN);
    await resting.next();
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 5_000) await clock.advance(5_000);
      await setImmediate();
    };
    await pass(55_000);
    expect([silent.socket.closed, resting.socket.closed]).toEqual([false, false]);
    await pass(10_000);
    expect(await silent.next()).toMatch(/^HTTP\/1.1 408 .*"error_code":408/s);
    await silent.closed;
    expect(resting.socket.closed).toBe(false);
    await pass(15_000);
    await expect(resting.next()).rejects.toThrow('closed after ""');
    await pass(215_000);
    expect([slow.socket.closed, world.gateway.status().inFlightBytes]).toEqual([false, BODY.length]);
    await pass(15_000);
    expect(await slow.next()).toMatch(/^HTTP\/1.1 408 /);
    expect(world.gateway.status()).toMatchObject({ inFlightBytes: 0, inFlightRequests: 0 });
  });

  it("waits for its answer as long as the log takes", async () => {
    const clock = manualClock();
    const { log, letGo } = slowLog();
    const world = await start({ clock, log });
    const { socket, next } = await connected(world);
    socket.write(PLAIN);
    await expect.poll(() => world.gateway.status().inFlightRequests).toBe(1);
    for (let i = 0; i < 200; i++) await clock.advance(5_000);
    letGo();
    expect(await next()).toMatch(/^HTTP\/1.1 200 /);
  });

  it("brings an answer to its end when the gateway closes while a slow client still reads it", async () => {
    const world = await start();
    const body = `{"records":[${Array.from({ length: 100_000 }, () => '{"value":1}').join()}]}`;
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${world.gateway.url}/topics/t`, { method: "POST", headers, body });
    const closed = world.gateway.close();
    expect(await answer.text()).toMatch(/"offset":99999,[^[]*$/);
    await closed;
  });
});
