import fc from "fast-check";
import { expect, it } from "vitest";
import { PinlakeError } from "../../src/errors.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { streamTopic } from "../../src/log/names.ts";
import { createSink, SINK_GROUP } from "../../src/sink/sink.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { runs } from "../support/run-length.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { bodies, differences } from "../support/sunk-objects.ts";

const TOPICS = ["t", streamTopic("s")];

/** Calls that write fail now and then, before they took effect or after. */
function failing<T extends object>(
  target: T,
  names: readonly (keyof T)[],
  fails: () => "before" | "after" | undefined,
): T {
  const failure = () => new PinlakeError("STORAGE_FAILED", { path: "somewhere", reason: "as the test wants it" });
  const wrapped = names.map((name) => {
    const call = target[name] as (...args: unknown[]) => Promise<unknown>;
    const risky = async (...args: unknown[]) => {
      const moment = fails();
      if (moment === "before") throw failure();
      const done = await call(...args);
      if (moment === "after") throw failure();
      return done;
    };
    return [name, risky] as const;
  });
  return { ...target, ...Object.fromEntries(wrapped) };
}

const value = (n: number) =>
  n % 7 === 0 ? "no json" : n % 5 === 0 ? null : `{"n":${n},"words":"${"x".repeat(n % 40)}"}`;

it("a sink whose calls fail now and then lands each offset exactly once, and goes on where it was", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
      fc.constantFrom("none", "gzip", "zstd"),
      fc.constantFrom(0, 400, 1e6),
      async (seed, sizes, compression, bufferBytes) => {
        const random = seededRandom(seed);
        let calm = false;
        const fails = () => (calm || random() > 0.25 ? undefined : random() < 0.5 ? "before" : "after");
        const log: EventLog = createMemoryLog();
        const store: ObjectStore = createMemoryStore();
        const writing = async (key: string) => failing(await store.writer(key), ["write", "commitIfAbsent"], fails);
        const sink = createSink({
          log: failing(log, ["read", "commit"], fails),
          store: { ...failing(store, ["putIfAbsent", "get"], fails), writer: writing },
          limits: { maxRecords: 5, maxBytes: 200, maxAgeMs: 1e9 },
          ...{ compression, bufferBytes, lingerMs: 0 },
        });
        for (const topic of TOPICS) await log.createTopic(topic);
        let seen = new Map<string, string>();
        for (const [i, size] of sizes.entries()) {
          const records = Array.from({ length: size }, (_, n) => {
            const text = value(n * 3 + i);
            return { key: null, value: text === null ? null : Buffer.from(text), headers: [], timestampMs: 0 };
          });
          if (size > 0) await log.append(TOPICS[i % 2] as string, records);
          for (let attempt = 0; attempt < 3; attempt++) {
            const flushed = await sink.flush().then(
              () => true,
              (error: unknown) => {
                expect(error).toMatchObject({ code: "STORAGE_FAILED" });
                return false;
              },
            );
            if (flushed) await expectAllCommitted(log);
            const now = await bodies(store);
            for (const [key, body] of seen) expect(now.get(key), key).toBe(body);
            seen = now;
          }
        }
        calm = true;
        await sink.flush();
        await expectAllCommitted(log);
        expect(await differences(log, store)).toEqual([]);
      },
    ),
    runs(200),
  );
});

async function expectAllCommitted(log: EventLog): Promise<void> {
  for (const { topic, partition, end } of await log.stagePartitions())
    expect((await log.committed(SINK_GROUP, topic, partition)) ?? 0n).toBe(end);
}
