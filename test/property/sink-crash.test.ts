import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { streamTopic } from "../../src/log/names.ts";
import { createSink, SINK_GROUP } from "../../src/sink/sink.ts";
import type { Compression } from "../../src/store/compression.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { type CrashPoint, crashAtCall } from "../support/crash-at-call.ts";
import { runs } from "../support/run-length.ts";
import { bodies, differences } from "../support/sunk-objects.ts";

const TOPICS = ["t", streamTopic("s")];
const VALUES = ["1", '{"a":"some words"}', null, "no json", "null", '{ "spaced":\n1}', "", '"\u00e9"'];

type Step =
  | { readonly do: "append"; readonly topic: number; readonly values: readonly (string | null)[] }
  | { readonly do: "flush" | "restart" | "recreate" }
  | { readonly do: "limits"; readonly maxRecords: number; readonly maxBytes: number }
  | { readonly do: "pack"; readonly compression: Compression | "none" };

const COMPRESSIONS = ["none", "gzip", "zstd"] as const;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      topic: fc.nat(TOPICS.length - 1),
      values: fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("recreate" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("limits" as const),
      maxRecords: fc.integer({ min: 1, max: 8 }),
      maxBytes: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("pack" as const), compression: fc.constantFrom(...COMPRESSIONS) }),
  },
);

/** Plays steps on a sink whose log and store die at a point; gives the number of calls made to them. */
async function play(
  log: EventLog,
  store: ObjectStore,
  steps: readonly Step[],
  options: {
    readonly point?: CrashPoint;
    readonly bufferBytes?: number;
    readonly compression?: Compression | "none";
    readonly afterEach?: () => Promise<void>;
  },
): Promise<number> {
  const { target, calls, crashed } = crashAtCall({ log, store }, options.point);
  let limits = { maxRecords: 5, maxBytes: 1000, maxAgeMs: 1e9 };
  let { compression = "none" } = options;
  const begin = () => {
    const { bufferBytes = 1e6 } = options;
    return createSink({ log: target.log, store: target.store, limits, compression, bufferBytes, lingerMs: 0 });
  };
  let sink = begin();
  const lived = (async () => {
    await sink.prepare();
    for (const next of steps) {
      if (next.do === "append") await append(log, TOPICS[next.topic] ?? "t", next.values);
      else if (next.do === "flush") await sink.flush();
      else if (next.do === "recreate") {
        await log.deleteTopic("t");
        await log.createTopic("t");
      } else {
        if (next.do === "limits") limits = { ...limits, ...next };
        if (next.do === "pack") compression = next.compression;
        sink = begin();
        await sink.prepare();
      }
      await options.afterEach?.();
    }
    await sink.flush();
  })();
  await Promise.race([lived, crashed]);
  return calls();
}

async function append(log: EventLog, topic: string, values: readonly (string | null)[]): Promise<void> {
  const encode = (value: string | null) => (value === null ? null : new TextEncoder().encode(value));
  const rows = values.map((value) => ({ key: encode("k"), value: encode(value), headers: [], timestampMs: 0 }));
  await log.append(topic, rows);
}

async function newWorld() {
  const log = createMemoryLog();
  for (const topic of TOPICS) await log.createTopic(topic);
  return { log, store: createMemoryStore() };
}

async function expectAllOnce(log: EventLog, store: ObjectStore): Promise<void> {
  expect(await differences(log, store)).toEqual([]);
  for (const { topic, partition, end } of await log.stagePartitions())
    expect((await log.committed(SINK_GROUP, topic, partition)) ?? 0n).toBe(end);
}

function expectUnchanged(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  for (const [key, body] of before) expect(after.get(key), key).toBe(body);
}

describe("all objects together hold each offset exactly once, and none that was visible changes", () => {
  it("whatever is appended, flushed, restarted, recreated, reconfigured and packed otherwise in between", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.constantFrom(0, 100, 1e6), async (steps, bufferBytes) => {
        const { log, store } = await newWorld();
        let seen = new Map<string, string>();
        const afterEach = async () => {
          const now = await bodies(store);
          expectUnchanged(seen, now);
          seen = now;
        };
        await play(log, store, steps, { bufferBytes, afterEach });
        await expectAllOnce(log, store);
      }),
      runs(150),
    );
  });

  it.each(COMPRESSIONS)(
    "when the process dies at any call to log or store, before or after it took effect (%s)",
    async (compression) => {
      const [another] = COMPRESSIONS.filter((one) => one !== compression) as [Compression | "none"];
      const steps: Step[] = [
        { do: "append", topic: 0, values: ["1", null, "no json", "2", "3", "4", "5", "6", "7"] },
        { do: "append", topic: 1, values: ["1", "no json", null] },
        { do: "flush" },
        { do: "append", topic: 0, values: ["8", "", "9"] },
        { do: "recreate" },
        { do: "append", topic: 0, values: ["10", "11"] },
        { do: "flush" },
        { do: "restart" },
        { do: "append", topic: 1, values: ["2", "3", "4", "5", "6", "7", "8"] },
      ];
      for (const bufferBytes of [1e6, 0]) {
        const untouched = await newWorld();
        const calls = await play(untouched.log, untouched.store, steps, { bufferBytes, compression });
        expect(calls).toBeGreaterThan(30);
        for (let call = 1; call <= calls; call++) {
          for (const moment of ["before", "after"] as const) {
            const { log, store } = await newWorld();
            await play(log, store, steps, { point: { call, moment }, bufferBytes, compression });
            const seen = await bodies(store);
            await append(log, "t", ["12", "13"]);
            // The next life packs otherwise, and dies as well, soon after its start.
            await play(log, store, [], { point: { call: (call % 9) + 1, moment }, bufferBytes, compression: another });
            await play(log, store, [], { bufferBytes });
            await expectAllOnce(log, store);
            expectUnchanged(seen, await bodies(store));
          }
        }
      }
    },
  );

  it("while appends, the running sink and flushes race", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12), { minLength: 4, maxLength: 12 }), async (sizes) => {
        const { log, store } = await newWorld();
        const limits = { maxRecords: 5, maxBytes: 1000, maxAgeMs: 3 };
        const compression = COMPRESSIONS[sizes.length % 3] as Compression | "none";
        const sink = createSink({ log, store, limits, compression, lingerMs: 1 });
        const stop = new AbortController();
        const running = sink.run(stop.signal);
        for (const [i, size] of sizes.entries()) {
          const values = Array.from({ length: size }, (_, n) => VALUES[(n + i) % VALUES.length] as string | null);
          if (values.length > 0) await append(log, TOPICS[i % 2] as string, values);
          if (i % 3 === 0) await systemClock.sleep(2);
          if (i % 4 === 0) {
            const ends = await log.stagePartitions();
            await sink.flush();
            for (const { topic, partition, end } of ends)
              expect((await log.committed(SINK_GROUP, topic, partition)) ?? 0n).toBeGreaterThanOrEqual(end);
          }
        }
        await sink.flush();
        stop.abort();
        await running;
        await expectAllOnce(log, store);
      }),
      runs(25),
    );
  });
});
