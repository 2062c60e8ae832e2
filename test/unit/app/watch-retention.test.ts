import { pino } from "pino";
import { expect, it } from "vitest";
import { watchRetention } from "../../../src/app/watch-retention.ts";
import { manualClock } from "../../../src/clock.ts";
import { PinlakeError } from "../../../src/errors.ts";
import type { RetentionStatus } from "../../../src/log/event-log.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { send } from "../../support/event-log.ts";

function written() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  return { logger, take: () => lines.splice(0) };
}

it("tells once what is removed, and what holds the rest back and for how long", async () => {
  const clock = manualClock(1_000_000);
  await using log = createMemoryLog({ clock, retentionMs: 1000 });
  const { logger, take } = written();
  const stop = new AbortController();
  const watching = watchRetention({ log, logger, clock, signal: stop.signal });
  log.holdFor("slow", () => true);
  await log.createTopic("t");
  await send(log, "t", "a", "bc", "d");
  await log.commit("slow", "t", 0, 2n);
  await clock.advance(30_000);
  await log.removeExpired();
  await clock.advance(30_000);
  const held = { topic: "t", partition: 0, group: "slow" };
  expect(take()).toMatchObject([
    { level: 30, bytes: 3 },
    { level: 40, ...held, from: "2", records: 1, msg: expect.stringContaining("until slow has taken them") },
  ]);
  await clock.advance(120_000);
  expect(take()).toEqual([]);
  await log.commit("slow", "t", 0, 3n);
  await log.removeExpired();
  await clock.advance(60_000);
  expect(take()).toMatchObject([
    { level: 30, bytes: 1 },
    { level: 30, ...held },
  ]);
  stop.abort();
  await watching;
});

it("tells that it fails, and that it works again", async () => {
  const clock = manualClock();
  const { logger, take } = written();
  let status: RetentionStatus = { removedBytes: 0, held: [] };
  const stop = new AbortController();
  const watching = watchRetention({ log: { retention: () => status }, logger, clock, signal: stop.signal });
  status = { ...status, failure: new PinlakeError("STORAGE_FULL", { path: "/data/log" }) };
  await clock.advance(180_000);
  expect(take()).toMatchObject([{ level: 40, code: "STORAGE_FULL", msg: expect.stringContaining("/data/log") }]);
  status = { removedBytes: 0, held: [] };
  await clock.advance(60_000);
  expect(take()).toMatchObject([{ level: 30, msg: "retention works again" }]);
  stop.abort();
  await watching;
});
