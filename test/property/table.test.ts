import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Table } from "../../src/table/table.ts";
import { deltaTable } from "../support/delta-table.ts";
import { madeTable, mapped, metaData, protocol, struct } from "../support/made-delta-table.ts";
import { runs } from "../support/run-length.ts";
import { contents, EVENTS, type Event, events } from "../support/table-rows.ts";

/** Everything that changes a table, with few keys so that they meet. */
type Operation =
  | { readonly kind: "append" | "overwrite"; readonly rows: readonly Event[] }
  | { readonly kind: "merge"; readonly rows: readonly Event[]; readonly newerOnly: boolean }
  | { readonly kind: "replaceWhere"; readonly rows: readonly Event[]; readonly below: number }
  | { readonly kind: "delete"; readonly above: number }
  | { readonly kind: "restore"; readonly back: number }
  | { readonly kind: "optimize"; readonly order: object }
  | { readonly kind: "vacuum"; readonly mode: "full" | "lite" }
  | { readonly kind: "checkpoint" | "reopen" | "touch" };

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
  fc.record({ kind: fc.constant("delete" as const), above: fc.integer({ min: 0, max: 9 }) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restore" as const), back: fc.integer({ min: 0, max: 5 }) }) },
  fc.record({
    kind: fc.constant("optimize" as const),
    order: fc.constantFrom({}, { sortBy: ["seq", "id"] }, { zOrderBy: ["id", "seq"], targetRows: 2 }),
  }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("vacuum" as const), mode: fc.constantFrom("full", "lite") }) },
  fc.record({ kind: fc.constantFrom("checkpoint", "reopen", "touch") }),
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
    case "delete":
      return stored.filter(({ seq }) => seq <= op.above);
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

interface Subject {
  table: Table;
  readonly store: ObjectStore;
  /** What each version holds. */
  readonly versions: (readonly Event[])[];
  /** Whether a vacuum may remove all that the newest version does not need. */
  readonly purging: boolean;
}

/** What tables may be that change how rows are stored, not which. */
interface Storage {
  readonly partitionColumns: readonly string[];
  readonly mapping: "none" | "name" | "id";
  readonly marksRows: boolean;
}

const storage: fc.Arbitrary<Storage> = fc.record({
  partitionColumns: fc.constantFrom([], ["id"], ["seq"], ["id", "seq"]),
  mapping: fc.constantFrom("none", "name", "id"),
  marksRows: fc.boolean(),
});

/** The actions of a table's first version. */
function firstVersion({ partitionColumns, mapping, marksRows }: Storage, configuration: Record<string, string>) {
  const features = [...(mapping === "none" ? [] : ["columnMapping"]), ...(marksRows ? ["deletionVectors"] : [])];
  const fields = EVENTS.fields.map(({ name, type }, i) => mapped(name, type, i + 1, `col-${i}`));
  return [
    protocol(...features),
    metaData(mapping === "none" ? EVENTS : struct(...fields), {
      partitionColumns: [...partitionColumns],
      configuration: {
        ...configuration,
        ...(mapping === "none" ? {} : { "delta.columnMapping.mode": mapping }),
        ...(marksRows ? { "delta.enableDeletionVectors": "true" } : {}),
      },
    }),
  ];
}

/** What a version says whose files, or whose commits, are no longer there. */
const GONE = new Set(["TABLE_FILES_MISSING", "TABLE_VERSION_NOT_FOUND"]);

describe("a table", () => {
  let engine: QueryEngine;
  let session: QuerySession;
  beforeAll(async () => {
    engine = createDuckDbEngine({ threads: 1 });
    session = await engine.session();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  async function newSubject(purging: boolean, kind: Storage): Promise<Subject> {
    const { store, log } = madeTable(session);
    const table = deltaTable(store, engine);
    const configuration = {
      "delta.checkpointInterval": "4",
      ...(purging ? { "delta.logRetentionDuration": "interval 0 seconds" } : {}),
    };
    await log(0, ...firstVersion(kind, configuration));
    return { table, store, versions: [[]], purging };
  }

  /** Does it to the table and to the list, and holds the newest versions against each other. */
  async function apply(subject: Subject, op: Operation): Promise<void> {
    const { table, versions, purging } = subject;
    const before = versions.length - 1;
    const stored = versions[before] ?? [];
    let model = applyTo(stored, op);
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
      case "delete":
        await table.delete({ session, where: `seq > ${op.above}` });
        break;
      case "merge": {
        const given = events(session, op.rows);
        const replaceWhen = op.newerOnly ? { replaceWhen: "source.seq > target.seq" } : {};
        const { inserted, replaced, kept } = await table.merge(given, { key: ["id"], ...replaceWhen });
        expect(stored.length - replaced + op.rows.length - kept).toBe(model.length);
        expect(inserted + kept).toBeLessThanOrEqual(op.rows.length);
        break;
      }
      case "restore": {
        const version = Math.max(0, before - op.back);
        const refused = await table.restore({ at: { version } }).then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        if (refused === undefined) model = versions[version] ?? [];
        else expect([purging, GONE.has(refused)], refused).toEqual([true, true]);
        break;
      }
      case "optimize":
        await table.optimize({ session, ...op.order });
        break;
      case "checkpoint":
        await table.checkpoint();
        break;
      case "vacuum":
        await table.vacuum({ mode: op.mode, ...(purging ? { retentionMs: -60_000, force: true } : {}) });
        break;
      case "reopen":
        subject.table = deltaTable(subject.store, engine);
        break;
      case "touch":
        await table.touch({ operation: "NOTE" });
    }
    const snapshot = await subject.table.snapshot();
    expect(snapshot.version - before).toBeLessThanOrEqual(1);
    versions[snapshot.version] = model;
    expect(await snapshot.countRows()).toBe(model.length);
    if (purging) expect((await contents(session, snapshot)).sort()).toEqual(shown(model));
  }

  const operations = fc.array(operation, { minLength: 1, maxLength: 12 });

  it("holds what a list of rows would after any operations, at every version, for every reader", async () => {
    await fc.assert(
      fc.asyncProperty(operations, storage, async (list, kind) => {
        const subject = await newSubject(false, kind);
        for (const op of list) await apply(subject, op);
        const reader = deltaTable(subject.store, engine);
        for (const [version, expected] of subject.versions.entries())
          expect((await contents(session, await reader.snapshot({ version }))).sort()).toEqual(shown(expected));
      }),
      runs(40),
    );
  });

  it("is whole after any vacuums and cleanups of its log, and older versions are right or refused", async () => {
    await fc.assert(
      fc.asyncProperty(operations, storage, async (list, kind) => {
        const subject = await newSubject(true, kind);
        for (const op of list) await apply(subject, op);
        const reader = deltaTable(subject.store, engine);
        expect((await reader.fsck()).missing).toEqual([]);
        for (const [version, expected] of subject.versions.entries()) {
          const read = async () => (await contents(session, await reader.snapshot({ version }))).sort();
          const found = await read().catch((error: { code: string }) => error.code);
          if (typeof found !== "string") expect(found).toEqual(shown(expected));
          else expect([found, GONE.has(found), version === subject.versions.length - 1]).toEqual([found, true, false]);
        }
      }),
      runs(40),
    );
  });
});
