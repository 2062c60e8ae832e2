import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { deltaTable } from "../support/delta-table.ts";
import { runs } from "../support/run-length.ts";
import { contents, EVENTS, type Event, events } from "../support/table-rows.ts";

/** Everything that changes a table, with few keys so that they meet. */
type Operation =
  | { readonly kind: "append" | "overwrite"; readonly rows: readonly Event[] }
  | { readonly kind: "merge"; readonly rows: readonly Event[]; readonly newerOnly: boolean }
  | { readonly kind: "replaceWhere"; readonly rows: readonly Event[]; readonly below: number }
  | { readonly kind: "optimize" | "checkpoint" | "vacuum" | "reopen" | "touch" };

const event: fc.Arbitrary<Event> = fc.record({
  id: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("a", "b", "c", "ü", "it's") },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  seq: fc.integer({ min: 0, max: 9 }),
});
const rows = fc.array(event, { maxLength: 5 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), rows }),
  fc.record({ kind: fc.constant("overwrite" as const), rows }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("merge" as const),
      rows: fc.uniqueArray(event, { maxLength: 5, selector: ({ id, seq }) => id ?? `null ${seq}` }),
      newerOnly: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("replaceWhere" as const), rows, below: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ kind: fc.constantFrom("optimize", "checkpoint", "vacuum", "reopen", "touch") }),
);

/** What each operation means, on a plain list of rows. */
function applyTo(stored: readonly Event[], op: Operation): readonly Event[] {
  switch (op.kind) {
    case "append":
      return [...stored, ...op.rows];
    case "overwrite":
      return op.rows;
    case "replaceWhere":
      return [...stored.filter(({ seq }) => seq >= op.below), ...op.rows];
    case "merge": {
      const takes = (row: Event) =>
        !op.newerOnly || stored.every(({ id, seq }) => id === null || id !== row.id || row.seq > seq);
      const winners = op.rows.filter(takes);
      const keys = new Set(winners.flatMap(({ id }) => (id === null ? [] : [id])));
      return [...stored.filter(({ id }) => id === null || !keys.has(id)), ...winners];
    }
    default:
      return stored;
  }
}

const shown = (list: readonly Event[]): string[] => list.map(({ id, seq }) => `${id}@${seq}`).sort();

describe("a table", () => {
  let engine: QueryEngine;
  let session: QuerySession;
  beforeAll(async () => {
    engine = createDuckDbEngine({ threads: 1 });
    session = await engine.session();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it("holds what a list of rows would after any operations, at every version, for every reader", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        const store = createMemoryStore();
        let table = deltaTable(store, engine);
        await table.create({ schema: EVENTS, configuration: { "delta.checkpointInterval": "4" } });
        let model: readonly Event[] = [];
        const versions: string[][] = [[]];
        for (const op of operations) {
          const before = versions.length - 1;
          model = applyTo(model, op);
          switch (op.kind) {
            case "append":
              await table.append(events(session, op.rows));
              break;
            case "overwrite":
              await table.overwrite(events(session, op.rows));
              break;
            case "replaceWhere":
              await table.overwrite(events(session, op.rows), { where: `seq < ${op.below}` });
              break;
            case "merge": {
              const given = events(session, op.rows);
              const replaceWhen = op.newerOnly ? { replaceWhen: "source.seq > target.seq" } : {};
              const { inserted, replaced, kept } = await table.merge(given, { key: ["id"], ...replaceWhen });
              const stored = versions[before]?.length ?? 0;
              expect(stored - replaced + op.rows.length - kept).toBe(model.length);
              expect(inserted + kept).toBeLessThanOrEqual(op.rows.length);
              break;
            }
            case "optimize":
              await table.optimize({ session });
              break;
            case "checkpoint":
              await table.checkpoint();
              break;
            case "vacuum":
              await table.vacuum({ retentionMs: 7 * 86_400_000 });
              break;
            case "reopen":
              table = deltaTable(store, engine);
              break;
            case "touch":
              await table.touch({ operation: "NOTE" });
          }
          const snapshot = await table.snapshot();
          expect(snapshot.version - before).toBeLessThanOrEqual(1);
          versions[snapshot.version] = shown(model);
          expect(await snapshot.countRows()).toBe(model.length);
        }
        const reader = deltaTable(store, engine);
        for (const [version, expected] of versions.entries())
          expect((await contents(session, await reader.snapshot({ version }))).sort()).toEqual(expected);
      }),
      runs(10),
    );
  });
});
