import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { structType } from "../../../src/engine/schema.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { localFiles } from "../../../src/table/delta/files/local-files.ts";
import { openCheckpoints } from "../../../src/table/delta/log/checkpoint.ts";
import { openCommitLog } from "../../../src/table/delta/log/commit-log.ts";
import { loadState } from "../../../src/table/delta/log/load.ts";
import type { TableState } from "../../../src/table/delta/log/state.ts";
import { logKey } from "../../support/delta-table.ts";
import { lines, metaData } from "../../support/made-delta-table.ts";
import { runs } from "../../support/run-length.ts";

const HEAD = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  metaData(structType([{ name: "n", type: "long" }])),
];

type Action = Readonly<Record<string, { readonly [field: string]: unknown }>>;

const file = (i: number, vector: number | undefined) => ({
  path: `f${i}`,
  ...(vector !== undefined && {
    deletionVector: { storageType: "u", pathOrInlineDv: `dv${vector}`, sizeInBytes: 1, cardinality: 1 },
  }),
});
const add = (i: number, vector?: number) => ({
  add: { ...file(i, vector), partitionValues: {}, size: i, modificationTime: 1, dataChange: true },
});
const remove = (i: number, vector?: number) => ({
  remove: { ...file(i, vector), deletionTimestamp: 1, dataChange: true },
});

/** What identifies an action among those of which the newest counts. */
function keyOf(action: Action): string {
  const [[kind = "", body = {}] = []] = Object.entries(action);
  if (kind === "add" || kind === "remove") return JSON.stringify([body.path, body.deletionVector]);
  return JSON.stringify([kind, body.appId, body.domain]);
}

/** The newest of each in a range, as the protocol defines a compaction. */
function compact(commits: readonly (readonly Action[])[]): Action[] {
  const newest = new Map<string, Action>();
  // In a commit removes count first.
  for (const actions of commits)
    for (const action of [...actions.filter(({ remove }) => remove), ...actions.filter(({ remove }) => !remove)])
      newest.set(keyOf(action), action);
  return [...newest.values()];
}

const place = fc.integer({ min: 0, max: 2 });
const vector = fc.constantFrom(undefined, 0);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(place, vector).map(([i, dv]) => add(i, dv)),
  fc.tuple(place, vector).map(([i, dv]) => remove(i, dv)),
  fc.tuple(place, fc.nat(9)).map(([i, version]) => ({ txn: { appId: `app${i}`, version } })),
  fc.tuple(place, fc.boolean()).map(([i, removed]) => ({
    domainMetadata: { domain: `d${i}`, configuration: "{}", removed },
  })),
  fc.nat(3).map((n) => metaData(structType([{ name: `n${n}`, type: "long" }]))),
);
/** One of a kind that is the same is enough in a commit. */
const commit = fc.uniqueArray(action, { selector: keyOf, maxLength: 5 }).map((actions): Action[] => actions);

const put = (store: ObjectStore, key: string, text: string) => store.put(key, new TextEncoder().encode(text));
const compactedKey = (from: number, to: number) => logKey(from, `${String(to).padStart(20, "0")}.compacted.json`);

async function read(store: ObjectStore, version?: number) {
  await using engine = createDuckDbEngine({ threads: 1 });
  const at = { store, prefix: "t/", location: "t" };
  await using files = localFiles(at);
  const reader = { log: openCommitLog(at), checkpoints: openCheckpoints({ ...at, engine, files }) };
  const state = await loadState(reader, version);
  return state && plain(state);
}

const plain = ({ files, tombstones, txns, domains, ...rest }: TableState) => ({
  ...rest,
  files: new Map(files.entries()),
  tombstones: new Map(tombstones.entries()),
  txns: new Map(txns.entries()),
  domains: new Map(domains.entries()),
});

describe("log compaction files", () => {
  it("change nothing of what a table is, at any version", async () => {
    const range = fc.record({
      from: fc.nat(4),
      more: fc.nat(5),
      how: fc.constantFrom("whole", "whole", "cut", "joined"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(commit, { minLength: 4, maxLength: 9 }),
        fc.array(range, { maxLength: 4 }),
        async (made, ranges) => {
          const store = createMemoryStore();
          const commits = [[...HEAD, add(0)], ...made.map((actions) => [{ commitInfo: {} }, ...actions])] as Action[][];
          for (const [version, actions] of commits.entries()) await put(store, logKey(version), lines(actions));
          const without = [];
          for (const version of commits.keys()) without.push(await read(store, version));
          for (const { from, more, how } of ranges) {
            if (from + more >= commits.length) continue;
            const some = commits.slice(from, from + more + 1);
            // Some writers join the commits, newest first, as a real table of ours shows.
            const said = (how === "joined" ? some.toReversed().flat() : compact(some)).filter(
              (each) => !each.commitInfo,
            );
            await put(store, compactedKey(from, from + more), how === "cut" ? '{"add":{"pa' : lines(said));
          }
          for (const version of commits.keys()) expect(await read(store, version)).toEqual(without[version]);
        },
      ),
      runs(100),
    );
  });

  const paths = async (store: ObjectStore, version?: number) =>
    [...((await read(store, version))?.files.keys() ?? [])].sort();

  /** Version n adds file n; compactions add file 9, so that it shows which are read. */
  async function told(ranges: readonly (readonly [number, number])[]): Promise<ObjectStore> {
    const store = createMemoryStore();
    for (let version = 0; version <= 5; version++)
      await put(store, logKey(version), lines([...(version === 0 ? HEAD : []), add(version)]));
    for (const [from, to] of ranges) {
      const adds = Array.from({ length: to - from + 1 }, (_, i) => add(from + i));
      await put(store, compactedKey(from, to), lines([...(from === 0 ? HEAD : []), ...adds, add(9)]));
    }
    return store;
  }

  it("are read in place of their commits, below the version that is asked for", async () => {
    const store = await told([[1, 3]]);
    expect(await paths(store)).toContain("f9");
    expect(await paths(store, 4)).toEqual(["f0", "f1", "f2", "f3", "f4", "f9"]);
    for (const version of [3, 2, 1]) expect(await paths(store, version)).not.toContain("f9");
  });

  it("are left aside where they name a file twice: some writers join the commits, newest first", async () => {
    const store = await told([]);
    await put(store, logKey(2), lines([remove(1)]));
    await put(store, compactedKey(1, 2), lines([remove(1), add(1)]));
    expect(await paths(store)).toEqual(["f0", "f3", "f4", "f5"]);
  });

  it.each([
    ["files", [add(7), add(8)]],
    ["removed files", [add(1), add(2), { txn: { appId: "a", version: 2 } }]],
    ["a txn", [add(1), add(2), remove(0), { txn: { appId: "a", version: 1 } }]],
  ])("are left aside where they say otherwise than their newest commit: %s", async (_, said) => {
    const store = await told([]);
    await put(store, logKey(2), lines([add(2), remove(0), { txn: { appId: "a", version: 2 } }]));
    await put(store, compactedKey(1, 2), lines([...said, add(9)]));
    expect(await paths(store)).toEqual(["f1", "f2", "f3", "f4", "f5"]);
    await put(
      store,
      compactedKey(1, 2),
      lines([add(1), add(2), remove(0), { txn: { appId: "a", version: 2 } }, add(9)]),
    );
    expect(await paths(store)).toContain("f9");
  });

  it("need their commits to be there: a gap stays an error", async () => {
    const store = await told([[0, 3]]);
    await store.delete(logKey(2));
    await expect(read(store)).rejects.toMatchObject({ code: "TABLE_CORRUPT" });
  });

  it("are not read where commits say their times, as they do not tell them", async () => {
    const store = await told([]);
    const configuration = { "delta.enableInCommitTimestamps": "true" };
    const says = metaData(structType([{ name: "n", type: "long" }]), { configuration });
    await put(store, compactedKey(0, 3), lines([HEAD[0] as object, says, add(9)]));
    expect(await paths(store)).not.toContain("f9");
  });
});
