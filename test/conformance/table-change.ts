import { beforeAll, describe, expect, it } from "vitest";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { allRows, events } from "../support/table-rows.ts";
import { type TableHarness, tableSetting } from "../support/table-setting.ts";

export function tableChangeConformance(
  name: string,
  createEngine: () => Promise<QueryEngine>,
  create: (engine: QueryEngine) => Promise<TableHarness>,
): void {
  describe(`${name} keeps the Table promises when rows change`, () => {
    const { newTable, rowsOf, abc, opened } = tableSetting(createEngine, create);
    let session: QuerySession;
    beforeAll(() => {
      ({ session } = opened());
    });
    const given = (sql: string) => ({ session, sql });
    const ON = "source.id = target.id";

    it("updates the rows that fit a condition by what they were, and counts them", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const commit = await table.update({
        session,
        where: "seq > 1 OR NULL",
        set: { seq: "seq * 10", note: "id || seq" },
      });
      expect(commit).toMatchObject({ version: 2, inserted: 0, replaced: 2, deleted: 0 });
      expect(await rowsOf(other)).toEqual(["a@1", "b@20:b2", "c@30:c3"]);
      expect(await table.update({ session, where: "seq > 99", set: { seq: "0" } })).toMatchObject({ replaced: 0 });
      expect(await table.update({ session, set: { note: "NULL" } })).toMatchObject({ version: 4, replaced: 3 });
      expect(await rowsOf(other)).toEqual(["a@1:null", "b@20:null", "c@30:null"]);
    });

    it("refuses an update of a column that is not there, or with a value that does not fit, and stays as it was", async () => {
      const { table } = await newTable();
      await table.append(abc());
      const wrong = { code: "SCHEMA_MISMATCH" };
      await expect(table.update({ session, set: { other: "1" } })).rejects.toMatchObject(wrong);
      await expect(table.update({ session, set: { seq: "CAST(1.5 AS DOUBLE)" } })).rejects.toMatchObject(wrong);
      await expect(table.update({ session, set: { seq: "nonsense(" } })).rejects.toMatchObject({
        code: "QUERY_FAILED",
      });
      expect(await table.snapshot()).toMatchObject({ version: 1 });
    });

    it("merges by clauses: the first that fits counts, for rows that meet and for those that do not", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      await table.append(
        events(session, [
          { id: null, seq: 4 },
          { id: "d", seq: 5 },
        ]),
      );
      const commit = await table.mergeInto(
        given(`SELECT * FROM (VALUES ('a', 7), ('b', 0), ('c', 8), ('n', 9), ('o', 0), (NULL, 4)) AS v(id, n)`),
        {
          on: ON,
          whenMatched: [
            { when: "source.n = 0", delete: true },
            { when: "target.seq < 2", update: { seq: "target.seq + source.n" } },
          ],
          whenNotMatched: [{ when: "source.n > 1", insert: { id: "source.id", seq: "source.n", note: "'new'" } }],
          whenNotMatchedBySource: [
            { when: "target.seq = 5", delete: true },
            { when: "target.id IS NULL", update: { note: "'left'" } },
          ],
        },
      );
      expect(commit).toMatchObject({ version: 3, inserted: 2, replaced: 2, deleted: 2 });
      expect(await rowsOf(other)).toEqual(["a@8", "c@3", "n@9:new", "null@4:left", "null@4:new"]);
    });

    it.each([
      ["matched", { whenMatched: [{ update: { seq: "source.half" } }] }],
      ["not matched", { whenNotMatched: [{ insert: { id: "source.id", seq: "source.half" } }] }],
      ["not matched by source", { whenNotMatchedBySource: [{ update: { seq: "CAST(target.seq AS DOUBLE) / 2" } }] }],
    ])("refuses a merge that would round values where rows are %s, and stays as it was", async (_, clauses) => {
      const { table } = await newTable();
      await table.append(abc());
      const merged = table.mergeInto(given("SELECT 'a' AS id, CAST(1.5 AS DOUBLE) AS half"), { on: ON, ...clauses });
      await expect(merged).rejects.toMatchObject({ code: "SCHEMA_MISMATCH", details: { column: "seq" } });
      expect(await table.snapshot()).toMatchObject({ version: 1 });
    });

    it("takes all columns from the source of that name, and says which is missing", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const all = { on: ON, whenMatched: [{ update: "all" }], whenNotMatched: [{ insert: "all" }] } as const;
      await table.mergeInto(given("SELECT 'a' AS id, CAST(7 AS BIGINT) AS seq, 'x' AS note, 1 AS more"), all);
      expect(await rowsOf(other)).toEqual(["a@7:x", "b@2", "c@3"]);
      const lacking = table.mergeInto(given("SELECT 'a' AS id, CAST(7 AS BIGINT) AS seq"), all);
      await expect(lacking).rejects.toMatchObject({ code: "SCHEMA_MISMATCH", details: { column: "note" } });
    });

    it("brings the source's further columns on request, and leaves alone those that it lacks", async () => {
      const { table, other } = await newTable();
      await table.append(events(session, [{ id: "a", seq: 1, note: "kept" }]));
      const sql = "SELECT * FROM (VALUES ('a', 7, 1.5::DOUBLE), ('b', 8, NULL)) AS v(id, seq, weight)";
      const all = { on: ON, whenMatched: [{ update: "all" }], whenNotMatched: [{ insert: "all" }] } as const;
      await expect(table.mergeInto(given(sql), all)).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
      await table.mergeInto(given(sql), { ...all, mergeSchema: true });
      const snapshot = await other.snapshot();
      expect(snapshot.columns.map(({ name: column }) => column)).toEqual(["id", "seq", "note", "weight"]);
      expect(await allRows(session, snapshot, "ORDER BY id")).toEqual([
        ["a", 7n, "kept", 1.5],
        ["b", 8n, null, null],
      ]);
    });

    it("refuses names that it needs itself, and says which", async () => {
      const { table } = await newTable();
      await table.append(abc());
      const source = given("SELECT 'a' AS id, 1 AS _pinlake_source");
      const named = { code: "SCHEMA_MISMATCH", details: { column: "_pinlake_source" } };
      await expect(table.mergeInto(source, { on: ON, whenMatched: [{ delete: true }] })).rejects.toMatchObject(named);
      await table.alter({ addColumns: [{ name: "_PINLAKE_row", type: "long" }] });
      const refused = { code: "TABLE_UNSUPPORTED" };
      await expect(table.delete({ session, where: "seq = 1" })).rejects.toMatchObject(refused);
      await expect(table.merge(abc(), { key: ["id"] })).rejects.toMatchObject(refused);
      await table.append(abc());
    });

    it("refuses two source rows that would change the same stored row; to delete it they may agree", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      const twice = given("SELECT 'a' AS id, range AS n FROM range(2)");
      const set = { on: ON, whenMatched: [{ update: { seq: "source.n" } }] };
      await expect(table.mergeInto(twice, set)).rejects.toMatchObject({ code: "MERGE_AMBIGUOUS" });
      await expect(
        table.mergeInto(twice, { on: ON, whenMatched: [{ when: "source.n = 1", update: { seq: "source.n" } }] }),
      ).resolves.toMatchObject({ replaced: 1 });
      await expect(table.mergeInto(twice, { on: ON, whenMatched: [{ delete: true }] })).resolves.toMatchObject({
        deleted: 1,
      });
      expect(await rowsOf(other)).toEqual(["b@2", "c@3"]);
    });

    it("reads conditions to their end, comments too", async () => {
      const { table, other } = await newTable();
      await table.append(abc());
      await table.update({ session, where: "id = 'a' -- the first", set: { seq: "9 -- nine" } });
      await table.mergeInto(given("SELECT 'b' AS id"), {
        on: `${ON} -- by key`,
        whenMatched: [
          { when: "FALSE -- never", update: { seq: "1 -- one" } },
          { when: "TRUE -- always", delete: true },
        ],
      });
      await table.delete({ session, where: "id = 'c' -- the last" });
      expect(await rowsOf(other)).toEqual(["a@9"]);
    });

    it("needs a clause, and columns that the table has", async () => {
      const { table } = await newTable();
      const source = given("SELECT 'a' AS id");
      await expect(table.mergeInto(source, { on: ON })).rejects.toMatchObject({ code: "USAGE" });
      await expect(
        table.mergeInto(source, { on: ON, whenNotMatched: [{ insert: { other: "1" } }] }),
      ).rejects.toMatchObject({ code: "SCHEMA_MISMATCH", details: { column: "other" } });
    });

    it("reads keys only of files that can hold them", async () => {
      const { table, other } = await newTable({});
      await table.append(abc());
      await table.append(events(session, [{ id: "x", seq: 9 }]));
      const basedOn = await table.snapshot();
      await other.delete({ session, where: "id = 'x'" });
      const into = (on: string) =>
        table.mergeInto(given("SELECT 'b' AS id, CAST(9 AS BIGINT) AS seq"), {
          on,
          basedOn,
          whenMatched: [{ update: { seq: "source.seq" } }],
        });
      await expect(into("lower(source.id) = lower(target.id)")).rejects.toMatchObject({ code: "TABLE_CONFLICT" });
      await expect(into(`${ON} AND target.seq < 100`)).resolves.toMatchObject({ replaced: 1 });
      expect(await rowsOf(other)).toEqual(["a@1", "b@9", "c@3"]);
    });

    it("refuses changes, and allows a merge that only adds, where rows can only be appended", async () => {
      const { table } = await newTable({ "delta.appendOnly": "true" });
      await table.append(abc());
      const refused = { code: "TABLE_UNSUPPORTED" };
      await expect(table.update({ session, set: { seq: "1" } })).rejects.toMatchObject(refused);
      const one = given("SELECT 'a' AS id, CAST(9 AS BIGINT) AS seq");
      await expect(
        table.mergeInto(one, { on: ON, whenMatched: [{ update: { seq: "source.seq" } }] }),
      ).rejects.toMatchObject(refused);
      await expect(table.overwrite(abc())).rejects.toMatchObject(refused);
      await expect(table.merge(abc(), { key: ["id"] })).rejects.toMatchObject(refused);
      await table.mergeInto(given("SELECT 'n' AS id"), { on: ON, whenNotMatched: [{ insert: { id: "source.id" } }] });
      expect(await rowsOf(table)).toEqual(["a@1", "b@2", "c@3", "n@null:null"]);
    });
  });
}
