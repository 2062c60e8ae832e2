import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CommitActions, formatCommit, parseCommit } from "../../../src/table/delta/log/actions.ts";
import { layeredMap } from "../../../src/table/delta/log/layered-map.ts";
import { checkpointName, commitName, parseLogName } from "../../../src/table/delta/log/names.ts";
import { intervalMs, logCutoffMs } from "../../../src/table/delta/log/retention.ts";
import { applyCommits, type CommitAt, EMPTY_STATE, type TableState } from "../../../src/table/delta/log/state.ts";
import { planCompaction } from "../../../src/table/delta/upkeep/compaction.ts";
import { runs } from "../../support/run-length.ts";

const parsed = (text: string, from: { table: string; file: string }) => parseCommit(Buffer.from(text), from);
const source = { table: "t", file: "f" };
const add = { path: "a%20b", partitionValues: {}, size: 1, modificationTime: 0, dataChange: true };
const at = (version: number, modifiedAtMs = 0) => ({ version, modifiedAtMs });

const applyCommit = (state: TableState, actions: CommitActions, at: CommitAt): TableState =>
  applyCommits(state, [{ ...at, actions }]);

describe("the actions of a commit", () => {
  it("come back as they were written, versions of txns digit by digit", () => {
    const actions = {
      adds: [add],
      removes: [{ path: "b", dataChange: true }],
      txns: [{ appId: "j", version: 2n ** 63n - 1n }],
      domains: [],
      commitInfo: { operation: "WRITE", txnId: "x" },
    };
    const text = formatCommit(actions);
    expect(text).toContain('"version":9223372036854775807');
    expect(text.split("\n")[0]).toContain("commitInfo");
    expect(parsed(text, source)).toEqual(actions);
  });

  it("are read past unknown kinds and fields; a broken line is refused with its number", () => {
    const text = '{"future":{"x":1}}\n\n{"add":{"path":"p","newField":1}}\n';
    expect(parsed(text, source).adds).toMatchObject([{ path: "p" }]);
    for (const broken of ['{"add":', "[]", "1", '{"add":{}}'])
      expect(() => parsed(`{}\n${broken}`, source)).toThrow(/line 2/);
  });
});

describe("replay", () => {
  it("applies removes before adds, whatever the order of lines", () => {
    const added = applyCommit(EMPTY_STATE, parsed(JSON.stringify({ add }), source), at(0));
    const actions = parsed(
      `${JSON.stringify({ add })}\n${JSON.stringify({ remove: { path: "a%20b", dataChange: true } })}`,
      source,
    );
    const after = applyCommit(added, actions, at(1));
    expect(after.files.has("a b")).toBe(true);
    expect(after.tombstones.size).toBe(0);
  });

  it("tells a file with a deletion vector from the same file without", () => {
    const deletionVector = { storageType: "u", pathOrInlineDv: "x", offset: 1, sizeInBytes: 1, cardinality: 1 };
    const first = applyCommit(EMPTY_STATE, { adds: [add], removes: [], txns: [], domains: [] }, at(0));
    const swap = {
      adds: [{ ...add, deletionVector }],
      removes: [{ path: add.path, dataChange: true }],
      txns: [],
      domains: [],
    };
    const after = applyCommit(first, swap, at(1));
    expect([...after.files.values()]).toEqual([{ ...add, deletionVector }]);
    expect(after.tombstones.size).toBe(1);
  });

  it("makes commit times rise where file times do not", () => {
    let state = applyCommit(EMPTY_STATE, { adds: [], removes: [], txns: [], domains: [] }, at(0, 100));
    for (const [version, ms] of [
      [1, 100],
      [2, 50],
      [3, 500],
    ] as const)
      state = applyCommit(state, { adds: [], removes: [], txns: [], domains: [] }, at(version, ms));
    expect(state.timestampMs).toBe(500);
    expect(applyCommit(state, { adds: [], removes: [], txns: [], domains: [] }, at(4, 500)).timestampMs).toBe(501);
  });
});

describe("the layered map", () => {
  it("behaves as a Map does, and older copies stay what they were", () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 200 }).map(String), fc.option(fc.nat(), { nil: undefined }));
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 40 }), { maxLength: 30 }), (steps) => {
        const model = new Map<string, number>();
        const copies: [ReturnType<typeof layeredMap<number>>, Map<string, number>][] = [];
        let map = layeredMap<number>();
        for (const changes of steps) {
          map = map.with(changes);
          for (const [key, value] of changes) {
            if (value === undefined) model.delete(key);
            else model.set(key, value);
          }
          copies.push([map, new Map(model)]);
        }
        for (const [copy, expected] of copies) {
          expect(copy.size).toBe(expected.size);
          expect(new Map(copy.entries())).toEqual(expected);
          expect([...copy.values()]).toEqual([...copy.entries()].map(([, value]) => value));
          for (const key of ["0", "7", "200"]) expect(copy.get(key)).toBe(expected.get(key));
        }
      }),
      runs(60),
    );
  });
});

describe("the order of a layered map", () => {
  it("is that of the last changes, however many there were", () => {
    const model = new Map<string, number>();
    let map = layeredMap<number>();
    for (let step = 0; step < 500; step++) {
      const changes = Array.from(
        { length: 1 + (step % 7) },
        (_, i) => [String((step * 31 + i * 7) % 90), step] as const,
      );
      map = map.with(changes);
      for (const [key, value] of changes) {
        model.delete(key);
        model.set(key, value);
      }
      expect([...map.entries()]).toEqual([...model]);
    }
  });
});

describe("names in the log", () => {
  it("say version and kind; all others are ignored", () => {
    expect(parseLogName(commitName(12))).toEqual({ kind: "commit", version: 12 });
    expect(parseLogName(checkpointName(20))).toEqual({ kind: "checkpoint", version: 20, name: checkpointName(20) });
    const v = "_delta_log/00000000000000000020";
    expect(parseLogName(`${v}.checkpoint.0000000001.0000000002.parquet`)).toMatchObject({
      kind: "checkpoint",
      part: { number: 1, of: 2 },
    });
    const uuid = "6c750e24-bbc4-4618-8feb-7cd7d5b9e084";
    for (const name of [`${v}.checkpoint.${uuid}.json`, `${v}.checkpoint.${uuid}.parquet`])
      expect(parseLogName(name)).toEqual({ kind: "checkpoint", version: 20, name });
    const compacted = `${v}.00000000000000000022.compacted.json`;
    expect(parseLogName(compacted)).toEqual({ kind: "compacted", version: 20, to: 22, name: compacted });
    expect(parseLogName(`${v}.crc`)).toMatchObject({ kind: "checksum" });
    for (const name of [
      "_delta_log/_last_checkpoint",
      `_delta_log/.${v}.json.tmp`,
      `${v}.json.tmp`,
      "_delta_log/1.json",
      `${v}.checkpoint.json`,
      `${v}.checkpoint.parquet.tmp`,
      `${v}.00000000000000000020.compacted.json`,
      `${v}.00000000000000000019.compacted.json`,
      `${v}.22.compacted.json`,
    ])
      expect(parseLogName(name)).toBeUndefined();
  });
});

describe("retention", () => {
  it("reads intervals as Delta writes them", () => {
    expect(intervalMs("interval 30 days")).toBe(30 * 86_400_000);
    expect(intervalMs("INTERVAL 1 week 2 hours")).toBe(604_800_000 + 7_200_000);
    expect(intervalMs("24 hours")).toBe(86_400_000);
    for (const text of [undefined, "", "interval", "interval days", "interval 3 moons", "interval -1 day"])
      expect(intervalMs(text)).toBeUndefined();
  });

  it("counts whole days from a day on, and exactly below", () => {
    const noon = Date.UTC(2026, 0, 31, 12);
    expect(logCutoffMs({}, noon)).toBe(Date.UTC(2026, 0, 1));
    expect(logCutoffMs({ "delta.logRetentionDuration": "interval 6 hours" }, noon)).toBe(Date.UTC(2026, 0, 31, 6));
    expect(logCutoffMs({ "delta.enableExpiredLogCleanup": "false" }, noon)).toBeUndefined();
  });
});

describe("the plan of a compaction", () => {
  const plan = (sizes: number[], targetBytes = 100, growth?: number) =>
    planCompaction(
      sizes.map((size) => ({ size })),
      { targetBytes, ...(growth === undefined ? {} : { growth }) },
    ).map((group) => group.map(({ size }) => size));

  it("joins small files up to the target, and leaves big ones and single ones", () => {
    expect(plan([10, 80, 10, 75, 200])).toEqual([[10, 10]]);
    expect(plan([60, 60, 30, 30])).toEqual([[30, 30], [60]].slice(0, 1));
    expect(plan([5])).toEqual([]);
  });

  it("with a bound on growth, writes each byte a logarithmic number of times", () => {
    let files: { size: number }[] = [];
    let written = 0;
    for (let step = 0; step < 2000; step++) {
      files.push({ size: 1 });
      for (const group of planCompaction(files, { targetBytes: 1_000_000, growth: 2 })) {
        const size = group.reduce((sum, file) => sum + file.size, 0);
        files = [...files.filter((file) => !group.includes(file)), { size }];
        written += size;
      }
    }
    expect(files.length).toBeLessThan(20);
    expect(written / 2000).toBeLessThan(25);
  });
});
