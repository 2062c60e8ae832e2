import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
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
