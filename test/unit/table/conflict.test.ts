import { describe, expect, it } from "vitest";
import type { AddFile, CommitActions, MetaData, RemoveFile } from "../../../src/table/delta/log/actions.ts";
import { type Attempt, conflictWith, type Reads } from "../../../src/table/delta/log/conflict.ts";

const none: CommitActions = { adds: [], removes: [], txns: [], domains: [] };
const add = (path: string, dataChange = true): AddFile => ({
  path,
  partitionValues: {},
  size: 1,
  modificationTime: 0,
  dataChange,
});
const remove = (path: string, dataChange = true): RemoveFile => ({ path, dataChange });
const blind = { isBlindAppend: true };
const metaData: MetaData = {
  id: "id",
  format: { provider: "parquet", options: {} },
  schemaString: "{}",
  partitionColumns: [],
  configuration: {},
};
const protocol = { minReaderVersion: 1, minWriterVersion: 2 };

const nothing: Reads = { kind: "nothing" };
const table: Reads = { kind: "table" };
const rows = (files: string[], mayHold = true): Reads => ({
  kind: "rows",
  files: new Set(files),
  mayHold: () => mayHold,
});
const ours = (reads: Reads, rest: Partial<Attempt["actions"]> = {}, isolation: Attempt["isolation"] = "Serializable") =>
  ({ reads, isolation, actions: { ...none, ...rest } }) satisfies Attempt;

const cases: readonly [string, CommitActions, Attempt, boolean][] = [
  ["append after append", { ...none, adds: [add("a")], commitInfo: blind }, ours(nothing), false],
  ["append after a rewrite", { ...none, adds: [add("b")], removes: [remove("a")] }, ours(nothing), false],
  ["append after metadata", { ...none, metaData }, ours(nothing), true],
  ["append after a protocol change", { ...none, protocol }, ours(nothing), true],
  [
    "same appId, whatever the version",
    { ...none, txns: [{ appId: "j", version: 1n }] },
    ours(nothing, { txns: [{ appId: "j", version: 9n }] }),
    true,
  ],
  [
    "another appId",
    { ...none, txns: [{ appId: "k", version: 1n }] },
    ours(nothing, { txns: [{ appId: "j", version: 9n }] }),
    false,
  ],
  [
    "merge after a blind append, serializable",
    { ...none, adds: [add("b")], commitInfo: blind },
    ours(rows(["a"])),
    true,
  ],
  [
    "merge after a blind append, write-serializable",
    { ...none, adds: [add("b")], commitInfo: blind },
    ours(rows(["a"]), {}, "WriteSerializable"),
    false,
  ],
  [
    "the same, and we change metadata",
    { ...none, adds: [add("b")], commitInfo: blind },
    ours(rows(["a"]), { metaData }, "WriteSerializable"),
    true,
  ],
  ["merge after an append that read", { ...none, adds: [add("b")] }, ours(rows(["a"]), {}, "WriteSerializable"), true],
  ["merge after rows that cannot have its keys", { ...none, adds: [add("b")] }, ours(rows(["a"], false)), false],
  [
    "merge after OPTIMIZE of what it only read",
    { ...none, adds: [add("b", false)], removes: [remove("a", false)] },
    ours(rows(["a"])),
    false,
  ],
  [
    "merge after OPTIMIZE of what it rewrites",
    { ...none, adds: [add("b", false)], removes: [remove("a", false)] },
    ours(rows(["a"]), { removes: [remove("a")] }),
    true,
  ],
  ["merge after a removal of what it read", { ...none, removes: [remove("a")] }, ours(rows(["a"])), true],
  ["merge after a removal elsewhere", { ...none, removes: [remove("z")] }, ours(rows(["a"], false)), false],
  ["overwrite after an append", { ...none, adds: [add("b")], commitInfo: blind }, ours(table), true],
  ["overwrite after a removal", { ...none, removes: [remove("a")] }, ours(table), true],
  [
    "OPTIMIZE after an append",
    { ...none, adds: [add("b")] },
    ours(rows([], false), { removes: [remove("a", false)] }, "SnapshotIsolation"),
    false,
  ],
  [
    "OPTIMIZE after a rewrite of its input",
    { ...none, removes: [remove("a")] },
    ours(rows([], false), { removes: [remove("a", false)] }, "SnapshotIsolation"),
    true,
  ],
  [
    "two OPTIMIZE runs on one file",
    { ...none, removes: [remove("a", false)] },
    ours(rows([], false), { removes: [remove("a", false)] }, "SnapshotIsolation"),
    true,
  ],
  ["a path that is written with escapes", { ...none, removes: [remove("a%20b")] }, ours(rows(["a b"])), true],
  [
    "the same domain",
    { ...none, domains: [{ domain: "d", configuration: "", removed: false }] },
    ours(nothing, { domains: [{ domain: "d", configuration: "", removed: false }] }),
    true,
  ],
];

describe("what may follow a commit made meanwhile", () => {
  it.each(cases)("%s", (_, winner, attempt, conflicts) => {
    expect(conflictWith(winner, attempt) !== undefined).toBe(conflicts);
  });
});
