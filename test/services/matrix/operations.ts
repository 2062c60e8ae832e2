import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { QuerySession } from "../../../src/engine/query-engine.ts";
import type { Table } from "../../../src/table/table.ts";
import { COLUMNS, type Row, rowsOf, type Source, sourceSql } from "./rows.ts";

/** A table that the operation may change. */
export interface Subject {
  readonly table: Table;
  readonly session: QuerySession;
  readonly folder: string;
  /** Its newest version. */
  readonly version: number;
  /** These rows, on their way into the table. */
  rows(source: Source): { session: QuerySession; sql: string };
}

/** What may be done to a table, by each writer that knows how; one that does not is a hole. */
export interface Operation {
  readonly name: string;
  /** The rows that are then in the table. */
  readonly expect: (rows: readonly Row[]) => readonly Row[];
  readonly ours?: (subject: Subject) => Promise<unknown>;
  /** `$t` is the table, `$v` the version that it has. */
  readonly spark?: readonly string[];
  /** Python, with `table()`, `rows(from, to, name)`, `physical(column)`, `path` and `version`. */
  readonly deltaRs?: string;
  /** Afterwards the commits before the newest checkpoint are deleted, so that readers need it. */
  readonly dropsLog?: boolean;
}

/** Every table begins with these, each in a commit of its own. */
export const FIRST: Source = { from: 0, to: 6, name: "first" };
export const SECOND: Source = { from: 6, to: 12, name: "second" };

const MERGED: Source = { from: 9, to: 15, name: "merged" };
const INSTEAD: Source = { from: 0, to: 3, name: "instead" };
const names = COLUMNS.join(", ");
export const insertSql = (source: Source, how = "INTO") =>
  `INSERT ${how} $t (${names}) ${sourceSql.spark(source)}`.replace("OVERWRITE $t", "OVERWRITE TABLE $t");
const python = ({ from, to, name }: Source) => `rows(${from}, ${to}, "${name}")`;
const pythonSource = (source: Source) => `table().merge(${python(source)}, "t.id = s.id", "s", "t")`;
const sparkMerge = (source: Source, clauses: string) =>
  `MERGE INTO $t t USING (${sourceSql.spark(source)}) s ON t.id = s.id ${clauses}
   WHEN NOT MATCHED THEN INSERT (${names}) VALUES (${COLUMNS.map((name) => `s.${name}`).join(", ")})`;
const setAll = COLUMNS.map((name) => `${name} = s.${name}`).join(", ");

const without = (rows: readonly Row[], gone: (row: Row) => boolean) => rows.filter((row) => !gone(row));
const merged = (rows: readonly Row[]) => [...without(rows, ({ id }) => id >= MERGED.from), ...rowsOf(MERGED)];
const everyFourth = ({ id }: Row) => id % 4 === 0;
const same = (rows: readonly Row[]) => rows;

const MERGE: Operation = {
  name: "merge",
  expect: merged,
  ours: ({ table, rows }) => table.merge(rows(MERGED), { key: ["id"] }),
  spark: [sparkMerge(MERGED, `WHEN MATCHED THEN UPDATE SET ${setAll}`)],
  deltaRs: `${pythonSource(MERGED)}.when_matched_update_all().when_not_matched_insert_all().execute()`,
};

/** How others go on with a table that we have written. */
export const THEIR_GOING_ON = MERGE;

export const OPERATIONS: readonly Operation[] = [
  { name: "create, append", expect: same, ours: async () => {}, spark: [], deltaRs: "" },
  {
    name: "overwrite",
    expect: () => rowsOf(INSTEAD),
    ours: ({ table, rows }) => table.overwrite(rows(INSTEAD)),
    spark: [insertSql(INSTEAD, "OVERWRITE")],
    deltaRs: `write_deltalake(path, ${python(INSTEAD)}, mode="overwrite")`,
  },
  {
    name: "overwrite where",
    expect: (rows) => [...without(rows, ({ id }) => id < 4), ...rowsOf(INSTEAD)],
    ours: ({ table, rows }) => table.overwrite(rows(INSTEAD), { where: "id < 4" }),
    spark: [`INSERT INTO $t BY NAME REPLACE WHERE id < 4 ${sourceSql.spark(INSTEAD)}`],
    deltaRs: `write_deltalake(path, ${python(INSTEAD)}, mode="overwrite", predicate="id < 4")`,
  },
  MERGE,
  {
    name: "merge with clauses",
    expect: (rows) => without(merged(rows), ({ id }) => id === 10 || id < 3),
    ours: ({ table, rows }) =>
      table.mergeInto(rows(MERGED), {
        on: "source.id = target.id",
        whenMatched: [{ when: "source.id = 10", delete: true }, { update: "all" }],
        whenNotMatched: [{ insert: "all" }],
        whenNotMatchedBySource: [{ when: "target.id < 3", delete: true }],
      }),
    spark: [
      `${sparkMerge(MERGED, `WHEN MATCHED AND s.id = 10 THEN DELETE WHEN MATCHED THEN UPDATE SET ${setAll}`)}
       WHEN NOT MATCHED BY SOURCE AND t.id < 3 THEN DELETE`,
    ],
    deltaRs: `${pythonSource(MERGED)}.when_matched_delete("s.id = 10").when_matched_update_all().when_not_matched_insert_all().when_not_matched_by_source_delete("t.id < 3").execute()`,
  },
  {
    name: "update",
    expect: (rows) => rows.map((row) => (everyFourth(row) ? { ...row, name: "updated" } : row)),
    ours: ({ table, session }) => table.update({ session, where: "id % 4 = 0", set: { name: "'updated'" } }),
    spark: ["UPDATE $t SET name = 'updated' WHERE id % 4 = 0"],
    deltaRs: `table().update(new_values={"name": "updated"}, predicate="id % 4 = 0")`,
  },
  {
    name: "delete",
    expect: (rows) => without(rows, everyFourth),
    ours: ({ table, session }) => table.delete({ session, where: "id % 4 = 0" }),
    spark: ["DELETE FROM $t WHERE id % 4 = 0"],
    deltaRs: `table().delete("id % 4 = 0")`,
  },
  {
    name: "delete whole files",
    expect: (rows) => without(rows, ({ id }) => id < FIRST.to),
    ours: ({ table, session }) => table.delete({ session, where: `id < ${FIRST.to}` }),
    spark: [`DELETE FROM $t WHERE id < ${FIRST.to}`],
    deltaRs: `table().delete("id < ${FIRST.to}")`,
  },
  {
    name: "replace",
    expect: (rows) => [...without(rows, ({ id }) => id < 4), ...rowsOf(INSTEAD)],
    ours: replaceByPlace,
  },
  {
    name: "optimize",
    expect: same,
    ours: ({ table, session }) => table.optimize({ session }),
    spark: ["OPTIMIZE $t"],
    deltaRs: "table().optimize.compact()",
  },
  {
    name: "optimize sorted",
    expect: same,
    ours: ({ table, session }) => table.optimize({ session, sortBy: ["name", "id"] }),
  },
  {
    name: "optimize by Z-order",
    expect: same,
    ours: ({ table, session }) => table.optimize({ session, zOrderBy: ["id", "name"] }),
    spark: ["OPTIMIZE $t ZORDER BY (id, name)"],
    deltaRs: `table().optimize.z_order(["id", "name"])`,
  },
  {
    name: "delete, vacuum",
    expect: (rows) => without(rows, everyFourth),
    async ours({ table, session }) {
      await table.delete({ session, where: "id % 4 = 0" });
      await table.vacuum({ retentionMs: -60_000, force: true });
    },
    spark: ["DELETE FROM $t WHERE id % 4 = 0", "VACUUM $t RETAIN 0 HOURS"],
    deltaRs: `table().delete("id % 4 = 0")
table().vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)`,
  },
  {
    name: "overwrite, restore",
    expect: same,
    async ours({ table, rows, version }) {
      await table.overwrite(rows(INSTEAD));
      await table.restore({ at: { version } });
    },
    spark: [insertSql(INSTEAD, "OVERWRITE"), "RESTORE TABLE $t TO VERSION AS OF $v"],
    deltaRs: `write_deltalake(path, ${python(INSTEAD)}, mode="overwrite")
table().restore(version)`,
  },
  {
    name: "a file is lost, repair",
    expect: (rows) => without(rows, ({ id }) => id < FIRST.to),
    async ours({ table, folder }) {
      const ids = { column: "id", min: BigInt(FIRST.from), max: BigInt(FIRST.to - 1) };
      for (const { path } of (await table.snapshot()).filesWithin([ids])) await rm(join(folder, path));
      await table.fsck({ dryRun: false });
    },
    deltaRs: `adds = table().get_add_actions(flatten=True)
for file, last in zip(adds["path"].to_pylist(), adds["max." + physical("id")].to_pylist()):
    if last < ${FIRST.to}: os.remove(os.path.join(path, urllib.parse.unquote(file)))
table().repair(dry_run=False)`,
  },
  {
    name: "checkpoint",
    expect: (rows) => without(rows, everyFourth),
    dropsLog: true,
    async ours({ table, session }) {
      await table.delete({ session, where: "id % 4 = 0" });
      await table.checkpoint();
    },
    spark: ["ALTER TABLE $t SET TBLPROPERTIES ('delta.checkpointInterval' = '1')", "DELETE FROM $t WHERE id % 4 = 0"],
    deltaRs: `table().delete("id % 4 = 0")
table().create_checkpoint()`,
  },
  {
    name: "set properties",
    expect: same,
    ours: ({ table }) => table.alter({ setProperties: { "delta.checkpointInterval": "20" } }),
    spark: ["ALTER TABLE $t SET TBLPROPERTIES ('delta.checkpointInterval' = '20')"],
    deltaRs: `table().alter.set_table_properties({"delta.checkpointInterval": "20"})`,
  },
  {
    name: "unset properties",
    expect: same,
    async ours({ table }) {
      await table.alter({ setProperties: { "delta.checkpointInterval": "20", "my.own": "é" } });
      await table.alter({ unsetProperties: ["delta.checkpointInterval", "my.own"] });
    },
    spark: [
      "ALTER TABLE $t SET TBLPROPERTIES ('delta.checkpointInterval' = '20', 'my.own' = 'é')",
      "ALTER TABLE $t UNSET TBLPROPERTIES ('delta.checkpointInterval', 'my.own')",
    ],
  },
  {
    name: "add a constraint",
    expect: same,
    ours: ({ table, session }) => table.alter({ addConstraint: { name: "small", check: "id < 1000", session } }),
    spark: ["ALTER TABLE $t ADD CONSTRAINT small CHECK (id < 1000)"],
    deltaRs: `table().alter.add_constraint({"small": "id < 1000"})`,
  },
  {
    name: "drop a constraint",
    expect: same,
    async ours({ table, session }) {
      await table.alter({ addConstraint: { name: "small", check: "id < 1000", session } });
      await table.alter({ dropConstraint: "small" });
    },
    spark: ["ALTER TABLE $t ADD CONSTRAINT small CHECK (id < 1000)", "ALTER TABLE $t DROP CONSTRAINT small"],
    deltaRs: `table().alter.add_constraint({"small": "id < 1000"})
table().alter.drop_constraint("small")`,
  },
  {
    name: "add a column",
    expect: same,
    ours: ({ table }) => table.alter({ addColumns: [{ name: "more", type: "string" }] }),
    spark: ["ALTER TABLE $t ADD COLUMN more STRING FIRST"],
    deltaRs: `table().alter.add_columns(Field("more", PrimitiveType("string")))`,
  },
];

const AFTER: Source = { from: 20, to: 24, name: "appended" };
const UPSERTED: Source = { from: 22, to: 26, name: "upserted" };

type GoingOn = Pick<Required<Operation>, "expect" | "ours">;

/** How we go on with a table that another has written. */
export const GOING_ON: GoingOn = {
  expect: (rows) => [
    ...without(rows, ({ id }) => id === 8),
    ...rowsOf({ ...AFTER, to: UPSERTED.from }),
    ...rowsOf(UPSERTED),
  ],
  async ours({ table, session, rows }) {
    await table.append(rows(AFTER));
    await table.merge(rows(UPSERTED), { key: ["id"] });
    await table.delete({ session, where: "id = 8" });
    await table.optimize({ session });
  },
};

/** The same with a table whose rows stay. */
export const APPENDING: GoingOn = {
  expect: (rows) => [...rows, ...rowsOf(AFTER)],
  ours: ({ table, rows }) => table.append(rows(AFTER)),
};

/** As a writer does who knows in which files, and where in them, the rows are that go. */
async function replaceByPlace({ table, session, rows, folder }: Subject): Promise<void> {
  const snapshot = await table.snapshot();
  const leaving = new Map<string, number[]>();
  for (const { path } of snapshot.files) {
    await snapshot.define(session, "one_file", { files: [path], rowNumber: "place" });
    const found = await session.query("SELECT place FROM one_file WHERE id < 4");
    if (found.rows.length > 0)
      leaving.set(
        path,
        found.rows.map(([place]) => Number(place)),
      );
  }
  const { sql } = rows(INSTEAD);
  const file = await session.writeParquet(sql, snapshot.columns, `${folder}-instead.parquet`);
  await table.replace({ session, files: [file] }, { leaving });
}
