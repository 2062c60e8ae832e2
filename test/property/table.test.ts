import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Table } from "../../src/table/table.ts";
import { changedRows } from "../support/changed-rows.ts";
import { deltaTable } from "../support/delta-table.ts";
import { engineAndSession } from "../support/engine-and-folder.ts";
import { runs } from "../support/run-length.ts";
import {
  applyTo,
  CLAUSES,
  definitionOf,
  fitting,
  type Operation,
  OTHERS,
  operation,
  type Storage,
  shown,
  storage,
} from "../support/table-model.ts";
import { contents, EVENTS, type Event, events } from "../support/table-rows.ts";

const { engine, session } = await engineAndSession();

interface Subject {
  table: Table;
  readonly store: ObjectStore;
  /** What each version holds. */
  readonly versions: (readonly Event[])[];
  /** Whether a vacuum may remove all that the newest version does not need. */
  readonly purging: boolean;
}

/** What a version says whose files, or whose commits, are no longer there. */
const GONE = new Set(["TABLE_FILES_MISSING", "TABLE_VERSION_NOT_FOUND"]);

describe("a table", () => {
  async function newSubject(purging: boolean, kind: Storage): Promise<Subject> {
    const store = createMemoryStore();
    const table = deltaTable(store, engine);
    const configuration = {
      "delta.checkpointInterval": "4",
      ...(purging ? { "delta.logRetentionDuration": "interval 0 seconds" } : {}),
    };
    const { partitionColumns, configuration: own } = definitionOf(kind);
    await table.create({ schema: EVENTS, partitionColumns, configuration: { ...configuration, ...own } });
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
        await table.overwrite(events(session, fitting(op)), { where: `seq < ${op.below}` });
        break;
      case "delete":
        await table.delete({ session, where: `seq > ${op.above}` });
        break;
      case "update":
        await table.update({ session, where: `seq > ${op.above}`, set: { seq: "seq - 1" } });
        break;
      case "mergeInto": {
        const { inserted, deleted } = await table.mergeInto(events(session, op.rows), {
          ...CLAUSES,
          ...(op.alsoOthers ? OTHERS : {}),
        });
        expect(stored.length + inserted - deleted).toBe(model.length);
        break;
      }
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
    if (snapshot.version > before) await checkChanges(subject, snapshot.version, stored, model);
    if (purging) expect((await contents(session, snapshot)).sort()).toEqual(shown(model));
  }

  /** The rows before a version, changed as it says where it says so, are the rows after it. */
  async function checkChanges(
    { table, store }: Subject,
    version: number,
    before: readonly Event[],
    after: readonly Event[],
  ) {
    const { schema } = await table.snapshot();
    const changes = await changedRows(session, store, { version, schema });
    if (changes === undefined) return;
    const rows = shown(before);
    for (const { type, row } of changes) {
      if (type === "insert" || type === "update_postimage") continue;
      const at = rows.indexOf(row);
      expect(at, `${type} ${row}`).toBeGreaterThanOrEqual(0);
      rows.splice(at, 1);
    }
    for (const { type, row } of changes) if (type === "insert" || type === "update_postimage") rows.push(row);
    expect(rows.sort()).toEqual(shown(after));
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
