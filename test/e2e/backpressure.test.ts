import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { GatewayStatus } from "../../src/gateway/server.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { startChild } from "../support/kill-loop.ts";
import { expectAcknowledged } from "../support/log-check.ts";
import type { Acknowledged } from "../support/log-load.ts";
import { type RawConnection, rawConnection } from "../support/raw-http.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CONNECTIONS = 2_000;
const BODY_BYTES = 12_000;
/** Less than a tenth of what the connections ask at once. */
const MAX_IN_FLIGHT_BYTES = 2 << 20;
const SLOW = 100;
/** Unread answers, if they were kept, would take thrice that. */
const PEAK_MIB = 600;

it(`${CONNECTIONS} connections that ask for ten times what may be held are all served in the end, in bounded memory`, async () => {
  await using temp = await tempFolder();
  const folder = join(temp.path, "log");
  const config = JSON.stringify({ maxInFlightBytes: MAX_IN_FLIGHT_BYTES });
  const child = startChild(join(import.meta.dirname, "gateway-child.ts"), [folder, config]);
  const acknowledged: Acknowledged[] = [];
  let refused = 0;
  try {
    const url = (await child.until("ready ")).slice("ready ".length);
    await using slow = new AsyncDisposableStack();
    for (let i = 0; i < SLOW; i++) slow.use(await (i % 2 === 0 ? slowReader(url) : slowSender(url)));
    const clients = Array.from({ length: CONNECTIONS }, async (_, n) => {
      const done = await burstClient(url, n);
      acknowledged.push(done.acknowledged);
      refused += done.refused;
    });
    await Promise.all(clients);
    child.child.stdin!.write("used?\n");
    const used = JSON.parse((await child.until("used ")).slice("used ".length)) as GatewayStatus & { peakMiB: number };
    process.stderr.write(`backpressure: ${refused} requests refused, peak ${Math.round(used.peakMiB)} MiB\n`);
    expect(used.peakMiB).toBeLessThan(PEAK_MIB);
    expect(used.inFlightBytes).toBeLessThanOrEqual(MAX_IN_FLIGHT_BYTES);
    expect(used.answers["5xx"]).toBeGreaterThan(0);
  } finally {
    await child.kill();
  }
  expect(acknowledged.length).toBe(CONNECTIONS);
  await using log = await openEmbeddedLog({ folder });
  await expectAcknowledged(log, acknowledged, { only: true });
});

const request = (body: string): string =>
  `POST /topics/t HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Sends its record again and again until it is stored. */
async function burstClient(url: string, n: number): Promise<{ acknowledged: Acknowledged; refused: number }> {
  const value = `"${n}:${"x".repeat(BODY_BYTES)}"`;
  let connection = await rawConnection(url);
  for (let refused = 0; ; refused++) {
    connection.socket.write(request(`{"records":[{"value":${value}}]}`));
    const answer = await connection.next();
    if (/^HTTP\/1.1 200 /.test(answer)) {
      await connection[Symbol.asyncDispose]();
      const offset = BigInt(/"offset":(\d+)/.exec(answer)![1]!);
      return { acknowledged: { value, topic: "t", partition: 0, offset }, refused };
    }
    expect(answer).toMatch(/^HTTP\/1.1 503 .*\r\nRetry-After: 1\r\n.*"error_code":50302,/s);
    if (/\r\nConnection: close\r\n/.test(answer)) {
      await connection[Symbol.asyncDispose]();
      connection = await rawConnection(url);
    }
    await delay(100 + Math.random() * 200);
  }
}

/** Asks again and again, and reads none of the answers. */
async function slowReader(url: string): Promise<RawConnection> {
  const connection = await rawConnection(url);
  connection.socket.pause();
  const unknown = request(`{"records":[{"${"x".repeat(30_000)}":1}]}`);
  void (async () => {
    for (let i = 0; i < 1_000 && !connection.socket.destroyed; i++)
      if (!connection.socket.write(unknown)) await Promise.race([once(connection.socket, "drain"), connection.closed]);
  })();
  return connection;
}

/** Announces a body and sends the half of it. */
async function slowSender(url: string): Promise<RawConnection> {
  const connection = await rawConnection(url);
  const whole = request(`{"records":[{"value":"${"x".repeat(5_000)}"}]}`);
  connection.socket.write(whole.slice(0, -2_500));
  return connection;
}
