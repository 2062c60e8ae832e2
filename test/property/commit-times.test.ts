import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { manualClock, systemClock } from "../../src/clock.ts";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { deltaTable } from "../support/delta-table.ts";
import { LONGS } from "../support/made-delta-table.ts";
import { runs } from "../support/run-length.ts";

const on = (enabled: boolean) => ({ setProperties: { "delta.enableInCommitTimestamps": String(enabled) } });
// By clocks like these all of the log would have expired.
const configuration = { "delta.checkpointInterval": "5", "delta.enableExpiredLogCleanup": "false" };

let engine: QueryEngine;
beforeAll(() => {
  engine = createDuckDbEngine({ threads: 1 });
});
afterAll(() => engine[Symbol.asyncDispose]());

const step = fc.record({
  writer: fc.nat(2),
  /** A writer that is new knows nothing of the table. */
  fresh: fc.boolean(),
  clockMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  what: fc.constantFrom("commit", "commit", "commit", "commit", "at once", "on", "off"),
});

it("times that commits say rise, and find their version, whatever clocks the writers have and since when they say them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const store = createMemoryStore();
      const open = () => {
        const clock = manualClock();
        return { clock, table: deltaTable(store, engine, { clock: { ...clock, sleep: systemClock.sleep } }) };
      };
      const writers = [open(), open(), open()];
      await writers[0]?.table.create({ schema: LONGS, configuration });
      for (const { writer, fresh, clockMs, what } of steps) {
        if (fresh) writers[writer] = open();
        const { clock, table } = writers[writer] as ReturnType<typeof open>;
        clock.jumpTo(clockMs);
        if (what === "commit") await table.touch({ operation: "NOTE" });
        else if (what === "at once") await Promise.all(writers.map((one) => one.table.touch({ operation: "NOTE" })));
        else await table.alter(on(what === "on"));
      }
      const reader = deltaTable(store, engine);
      const { configuration: set } = await reader.snapshot();
      if (set["delta.enableInCommitTimestamps"] !== "true") return;
      const since = Number(set["delta.inCommitTimestampEnablementVersion"]);
      const history = await Array.fromAsync(reader.history());
      const said = history.toReversed().slice(since);
      expect(set["delta.inCommitTimestampEnablementTimestamp"]).toBe(String(said[0]?.timestampMs));
      for (const [i, { version, timestampMs }] of said.entries()) {
        expect(timestampMs).toBeGreaterThan(said[i - 1]?.timestampMs ?? -1);
        expect((await reader.snapshot({ timestampMs })).version).toBe(version);
        expect((await deltaTable(store, engine).snapshot({ version })).timestampMs).toBe(timestampMs);
      }
    }),
    runs(40),
  );
});
