import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Commit, Table } from "../../src/table/table.ts";
import { crashAtCall } from "../support/crash-at-call.ts";
import { deltaTable, keysBelow } from "../support/delta-table.ts";
import { contents, EVENTS, events } from "../support/table-rows.ts";

const before = ["a@1", "b@2", "c@3"];

/** A way to write a batch with its txn, and what the table holds once it is in. */
const writes: readonly [string, (table: Table, session: QuerySession) => Promise<Commit>, string[]][] = [
  ["an append", (table, session) => table.append(events(session, [{ id: "d", seq: 4 }]), { txns }), [...before, "d@4"]],
  [
    "a merge that rewrites a file",
    (table, session) =>
      table.merge(
        events(session, [
          { id: "b", seq: 9 },
          { id: "d", seq: 4 },
        ]),
        { key: ["id"], txns },
      ),
    ["a@1", "b@9", "c@3", "d@4"],
  ],
  [
    "an overwrite of some rows",
    (table, session) => table.overwrite(events(session, [{ id: "aa", seq: 0 }]), { where: "id < 'c'", txns }),
    ["aa@0", "c@3"],
  ],
  ["a delete", (table, session) => table.delete({ session, where: "id = 'b'", txns }), ["a@1", "c@3"]],
  [
    "an update",
    (table, session) => table.update({ session, where: "seq < 3", set: { seq: "seq + 4" }, txns }),
    ["a@5", "b@6", "c@3"],
  ],
  [
    "a merge of several clauses",
    (table, session) =>
      table.mergeInto(events(session, [{ id: "b", seq: 9 }]), {
        on: "source.id = target.id",
        whenMatched: [{ update: "all" }],
        whenNotMatchedBySource: [{ when: "target.seq = 1", delete: true }],
        txns,
      }),
    ["b@9", "c@3"],
  ],
];
/** Where rows leave by deletion vectors, in files of their own or in the commit, and changes are told. */
const MARKED = { "delta.enableDeletionVectors": "true", "delta.enableChangeDataFeed": "true" };
const txns = [{ appId: "job", version: 7n }];

/** What keeps a table in shape, and what the table holds once it is done. */
const upkeep: readonly [string, (table: Table, session: QuerySession) => Promise<unknown>, string[]][] = [
  ["an optimize", (table, session) => table.optimize({ session }), before],
  ["an optimize of several commits", (table, session) => table.optimize({ session, ...EACH_ALONE }), before],
  ["a vacuum", (table) => table.vacuum({ retentionMs: -60_000, force: true }), before],
  ["a lite vacuum", (table) => table.vacuum({ retentionMs: -60_000, force: true, mode: "lite" }), before],
  ["a restore", (table) => table.restore({ at: { version: 1 } }), ["a@1"]],
  ["a checkpoint", (table) => table.checkpoint(), before],
  ["a repair", (table) => table.fsck({ dryRun: false }), before],
];
const EACH_ALONE = { sortBy: ["id"], targetBytes: 100, commitBytes: 1 };

async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = createMemoryStore();
  for (const key of await keysBelow(store, "")) await copy.put(key, await store.get(key));
  return copy;
}

describe("a process that dies at any call to the store", () => {
  let engine: QueryEngine;
  let session: QuerySession;
  beforeAll(async () => {
    engine = createDuckDbEngine({ threads: 1 });
    session = await engine.session();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  async function tableWithRows(properties: Readonly<Record<string, string>> = {}): Promise<ObjectStore> {
    const store = createMemoryStore();
    const table = deltaTable(store, engine);
    // The write under test is version 3: it is followed by a checkpoint.
    await table.create({ schema: EVENTS, configuration: { ...properties, "delta.checkpointInterval": "3" } });
    await table.append(events(session, [{ id: "a", seq: 1 }]));
    await table.append(
      events(session, [
        { id: "b", seq: 2 },
        { id: "c", seq: 3 },
      ]),
    );
    return store;
  }

  const kinds = writes.flatMap(([name, write, after]) => [
    { name, write, after, properties: {} },
    { name: `${name}, where rows are marked,`, write, after, properties: MARKED },
  ]);
  it.each(kinds)("leaves $name done or not done, and its replay stores nothing twice", async (kind) => {
    const { write, after } = kind;
    const prepared = await tableWithRows(kind.properties);
    const whole = crashAtCall({ store: await copyOf(prepared) });
    await write(deltaTable(whole.target.store, engine), session);
    const calls = whole.calls();
    expect(calls).toBeGreaterThan(5);
    const outcomes = new Set<string>();
    // Dying after a call leaves what dying before the next one does.
    for (let call = 1; call <= calls; call++) {
      const store = await copyOf(prepared);
      const { target, crashed } = crashAtCall({ store }, { call, moment: "before" });
      const outcome = await Promise.race([write(deltaTable(target.store, engine), session), crashed]);
      expect(outcome).toBeTypeOf("string");

      const table = deltaTable(store, engine);
      const left = await contents(session, await table.snapshot());
      expect([before, after]).toContainEqual(left);
      outcomes.add(left.join());
      const again = write(table, session);
      if (left.join() === after.join()) await expect(again).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      else await again;
      await table.vacuum({ retentionMs: -60_000, force: true });
      expect(await contents(session, await deltaTable(store, engine).snapshot())).toEqual(after);
    }
    expect(outcomes.size).toBe(2);
  });

  it.each(upkeep)("leaves the table whole in the middle of %s, which can be done again", async (_, work, after) => {
    const prepared = await tableWithRows();
    const whole = crashAtCall({ store: await copyOf(prepared) });
    await work(deltaTable(whole.target.store, engine), session);
    const calls = whole.calls();
    expect(calls).toBeGreaterThan(4);
    for (let call = 1; call <= calls; call++) {
      const store = await copyOf(prepared);
      const { target, crashed } = crashAtCall({ store }, { call, moment: "before" });
      const outcome = await Promise.race([work(deltaTable(target.store, engine), session), crashed]);
      expect(outcome).toBeTypeOf("string");

      const table = deltaTable(store, engine);
      expect([before, after]).toContainEqual(await contents(session, await table.snapshot()));
      await work(table, session);
      await table.vacuum({ retentionMs: -60_000, force: true });
      const reader = deltaTable(store, engine);
      expect(await contents(session, await reader.snapshot())).toEqual(after);
      expect((await reader.fsck()).missing).toEqual([]);
    }
  });
});
