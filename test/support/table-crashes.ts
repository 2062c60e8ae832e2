import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Commit, CreateOptions, Table } from "../../src/table/table.ts";
import { deltaTable, keysBelow } from "./delta-table.ts";
import { EVENTS, events } from "./table-rows.ts";

/** What the table holds before. */
export const before = ["a@1", "b@2", "c@3"];

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
export const upkeep: readonly [string, (table: Table, session: QuerySession) => Promise<unknown>, string[]][] = [
  ["an optimize", (table, session) => table.optimize({ session }), before],
  ["an optimize of several commits", (table, session) => table.optimize({ session, ...EACH_ALONE }), before],
  ["a vacuum", (table) => table.vacuum({ retentionMs: -60_000, force: true }), before],
  ["a lite vacuum", (table) => table.vacuum({ retentionMs: -60_000, force: true, mode: "lite" }), before],
  ["a restore", (table) => table.restore({ at: { version: 1 } }), ["a@1"]],
  ["a change of properties", (table) => table.alter({ setProperties: { "my.own": "1" } }), before],
  ["a checkpoint", (table) => table.checkpoint(), before],
  ["a repair", (table) => table.fsck({ dryRun: false }), before],
];
const EACH_ALONE = { sortBy: ["id"], targetBytes: 100, commitBytes: 1 };

export async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = createMemoryStore();
  for (const key of await keysBelow(store, "")) await copy.put(key, await store.get(key));
  return copy;
}

/** Tables to which all of that is done. */
const kinds: readonly [string, Partial<CreateOptions>][] = [
  ["", {}],
  [", where rows are marked,", { configuration: MARKED }],
  [", in partitions,", { partitionColumns: ["seq"] }],
];

/** Each write on each kind of table. */
export const writesOfKinds = writes.flatMap(([name, write, after]) =>
  kinds.map(([kind, options]) => ({ name: `${name}${kind}`, write, after, options })),
);

/** The write under test is version 3: it is followed by a checkpoint. */
export async function tableWithRows(
  engine: QueryEngine,
  session: QuerySession,
  options: Partial<CreateOptions> = {},
): Promise<ObjectStore> {
  const store = createMemoryStore();
  const table = deltaTable(store, engine);
  const configuration = { ...options.configuration, "delta.checkpointInterval": "3" };
  await table.create({ schema: EVENTS, ...options, configuration });
  await table.append(events(session, [{ id: "a", seq: 1 }]));
  await table.append(
    events(session, [
      { id: "b", seq: 2 },
      { id: "c", seq: 3 },
    ]),
  );
  return store;
}
