import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import type { Snapshot, Table } from "../../src/table/table.ts";
import { events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";

export function tableConflictConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} keeps the Table promises when writers meet`, () => {
    const setting = tableSetting(createEngine, create);
    const { newTable, rowsOf, abc } = setting;
    let engine: QueryEngine;
    let session: QuerySession;
    beforeAll(() => {
      ({ engine, session } = setting.opened());
    });

    it("never stores a batch twice: its txn is refused at or below the stored version", async () => {
      const { table, other } = await newTable();
      const txns = [{ appId: "job/t/0", version: 2n ** 62n + 1n }];
      await table.append(abc(), { txns });
      for (const write of [
        () => other.append(abc(), { txns }),
        () => other.merge(abc(), { key: ["id"], txns }),
        () => other.overwrite(abc(), { txns }),
        () => other.touch({ operation: "NOTE", txns: [{ appId: "job/t/0", version: 5n }] }),
      ])
        await expect(write()).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      expect((await other.snapshot()).txns.get("job/t/0")).toBe(2n ** 62n + 1n);
      expect(await rowsOf(other)).toEqual(["a@1", "b@2", "c@3"]);
    });

    it("does not rebase over a commit with its own appId, even at a lower version", async () => {
      const { table, other } = await newTable();
      const basedOn = await table.snapshot();
      await other.append(abc(), { txns: [{ appId: "job", version: 3n }] });
      const late = table.append(abc(), { basedOn, txns: [{ appId: "job", version: 7n }] });
      await expect(late).rejects.toMatchObject({ code: "TABLE_CONFLICT", retry: "rebase" });
      expect(await (await table.snapshot()).countRows()).toBe(3);
    });

    it("rebases an append over other appends and merges", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const basedOn = await table.snapshot();
      await other.append(events(session, [{ id: "d", seq: 4 }]));
      await other.merge(events(session, [{ id: "a", seq: 9 }]), { key: ["id"] });
      const commit = await table.append(events(session, [{ id: "e", seq: 5 }]), { basedOn });
      expect(commit.version).toBe(4);
      expect(await rowsOf(other)).toEqual(["a@9", "b@2", "c@3", "d@4", "e@5"]);
    });

    it("refuses a merge over a version that may have brought its keys or removed its files", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const basedOn = await table.snapshot();
      await other.append(events(session, [{ id: "n", seq: 4 }]));
      const key = ["id"];
      await expect(table.merge(events(session, [{ id: "n", seq: 5 }]), { key, basedOn })).rejects.toMatchObject({
        code: "TABLE_CONFLICT",
      });
      const later = await table.snapshot();
      await other.merge(events(session, [{ id: "a", seq: 6 }]), { key });
      await expect(table.merge(events(session, [{ id: "b", seq: 7 }]), { key, basedOn: later })).rejects.toMatchObject({
        code: "TABLE_CONFLICT",
      });
      expect(await rowsOf(other)).toEqual(["a@6", "b@2", "c@3", "n@4"]);
    });

    const changes: Readonly<Record<string, (table: Table, basedOn: Snapshot, where: string) => Promise<unknown>>> = {
      delete: (table, basedOn, where) => table.delete({ session, where, basedOn }),
      update: (table, basedOn, where) => table.update({ session, where, set: { note: "'new'" }, basedOn }),
      overwrite: (table, basedOn, where) => table.overwrite(events(session, [{ id: "o", seq: 4 }]), { where, basedOn }),
    };

    it.each(Object.keys(changes))(
      "lets others change other rows than those that a %s by condition takes",
      async (kind) => {
        for (const isolation of ["Serializable", "WriteSerializable"]) {
          const change = changes[kind] as NonNullable<(typeof changes)[string]>;
          const { table, other } = await newTable();
          await table.touch({ operation: "NOTE", configuration: { "delta.isolationLevel": isolation } });
          await table.append(events(session, [{ id: "a", seq: 1 }]));
          await table.append(events(session, [{ id: "b", seq: 5 }]));
          const basedOn = await table.snapshot();
          await other.append(events(session, [{ id: "c", seq: 6 }]));
          await other.merge(events(session, [{ id: "b", seq: 9 }]), { key: ["id"] });
          await other.delete({ session, where: "seq = 6" });
          await change(table, basedOn, "seq < 5");
          const left = { delete: ["b@9"], update: ["a@1:new", "b@9"], overwrite: ["b@9", "o@4"] };
          expect(await rowsOf(other)).toEqual(left[kind as keyof typeof left]);
        }
      },
    );

    it.each(Object.keys(changes))(
      "refuses a %s by condition over rows of others that it would have taken",
      async (kind) => {
        const change = changes[kind] as NonNullable<(typeof changes)[string]>;
        const { table, other } = await newTable();
        await table.touch({ operation: "NOTE", configuration: { "delta.isolationLevel": "Serializable" } });
        await table.append(events(session, [{ id: "a", seq: 1 }]));
        await table.append(events(session, [{ id: "b", seq: 5 }]));
        const refused = (basedOn: Snapshot) =>
          expect(change(table, basedOn, "seq < 5")).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
        const first = await table.snapshot();
        await other.append(
          events(session, [
            { id: "c", seq: 2 },
            { id: "d", seq: 7 },
          ]),
        );
        await refused(first);
        const second = await table.snapshot();
        await other.update({ session, set: { seq: "3" }, where: "id = 'b'" });
        await refused(second);
        const third = await table.snapshot();
        await other.delete({ session, where: "id = 'a'" });
        await refused(third);
        expect(await rowsOf(other)).toEqual(["b@3", "c@2", "d@7"]);
      },
    );

    it("refuses any write over a change of schema or properties", async () => {
      const { table, other } = await newTable();
      const basedOn = await table.snapshot();
      await other.touch({ operation: "SET TBLPROPERTIES", configuration: { "pinlake.x": "1" } });
      await expect(table.append(abc(), { basedOn })).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      await table.append(abc());
      expect((await other.snapshot()).configuration).toMatchObject({ "pinlake.x": "1" });
    });

    it("leaves no file behind after a conflict", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const basedOn = await table.snapshot();
      await other.overwrite(events(session, [{ id: "z", seq: 1 }]));
      await expect(table.merge(events(session, [{ id: "a", seq: 5 }]), { key: ["id"], basedOn })).rejects.toMatchObject(
        {
          code: "TABLE_CONFLICT",
        },
      );
      const garbage = await table.vacuum({ retentionMs: -60_000, dryRun: true, force: true });
      expect(garbage).toEqual([basedOn.files[0]?.path]);
    });

    it("loses and doubles nothing when writers race", async () => {
      const { table, reopen } = await newTable();
      const writers = Array.from({ length: 4 }, (_, writer) => ({ writer, own: reopen() }));
      await Promise.all(
        writers.map(async ({ writer, own }) => {
          await using mine = await engine.session();
          for (let seq = 0; seq < 6; seq++) await own.append(events(mine, [{ id: `w${writer}`, seq }]));
        }),
      );
      const rows = await rowsOf(table);
      expect(rows).toEqual(writers.flatMap(({ writer }) => Array.from({ length: 6 }, (_, seq) => `w${writer}@${seq}`)));
      expect(await table.snapshot()).toMatchObject({ version: 24 });
    });
  });
}
