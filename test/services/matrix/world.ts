import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { structType } from "../../../src/engine/schema.ts";
import { deltaFolder } from "../../support/delta-table.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { sparkAt } from "../spark/spark.ts";
import { startDeltaRs } from "./delta-rs.ts";
import { filesSql } from "./duckdb-reader.ts";
import type { Feature } from "./features.ts";
import type { Reader, Writer } from "./holes.ts";
import { FIRST, insertSql, type Operation, SECOND, type Subject } from "./operations.ts";
import { asTextSql, COLUMNS, type Source, sortedText, sourceSql } from "./rows.ts";

/** Who writes and reads the tables of the matrix. */
export interface World extends AsyncDisposable {
  /** A copy, for the caller to change, of the table with that feature and the first rows as that writer makes it. */
  newTable(writer: Writer, feature: Feature): Promise<string>;
  perform(writer: Writer, folder: string, operation: Pick<Operation, "ours" | "spark" | "deltaRs">): Promise<void>;
  /** The same table elsewhere, with no commit before its newest checkpoint's. */
  withoutOldLog(folder: string): string;
  /** Every row as `textOf` gives it. */
  read(reader: Reader, folder: string): Promise<string[]>;
  version(folder: string): Promise<number>;
}

const TYPES = {
  id: ["long", "BIGINT"],
  region: ["string", "STRING"],
  name: ["string", "STRING"],
  amount: ["decimal(12,2)", "DECIMAL(12,2)"],
  at: ["timestamp", "TIMESTAMP"],
  tags: [{ type: "array", elementType: "string", containsNull: true }, "ARRAY<STRING>"],
  point: [structType([{ name: "x", type: "long" }]), "STRUCT<x: BIGINT>"],
} as const;

export async function openWorld(): Promise<World> {
  const spark = sparkAt();
  await using parts = new AsyncDisposableStack();
  const root = parts.use(await tempFolder());
  const engine = parts.use(createDuckDbEngine({ threads: 1 }));
  const session = parts.use(await engine.session());
  const deltaRs = parts.use(startDeltaRs(join(root.path, "delta-rs")));
  const kept = parts.move();
  const made = new Map<string, Promise<string>>();
  let tables = 0;
  const newFolder = () => join(root.path, `t${tables++}`);
  const copy = (folder: string) => {
    const to = newFolder();
    cpSync(folder, to, { recursive: true, preserveTimestamps: true });
    return to;
  };
  const textOfQuery = async (sql: string) => {
    const { rows } = await session.query(`SELECT ${asTextSql.ours} FROM (${sql})`);
    return sortedText(rows);
  };

  async function subjectOf(folder: string): Promise<Subject & AsyncDisposable> {
    const table = await deltaFolder(folder, engine);
    const version = (await table.find())?.version ?? -1;
    const rows = (source: Source) => ({ session, sql: sourceSql.ours(source) });
    return { table, session, folder, version, rows, [Symbol.asyncDispose]: () => table[Symbol.asyncDispose]() };
  }

  async function runSpark(folder: string, statements: readonly string[]): Promise<void> {
    const version = statements.some((sql) => sql.includes("$v")) ? await versionOf(folder) : 0;
    for (const sql of statements)
      await spark(sql.replaceAll("$t", `delta.\`${folder}\``).replaceAll("$v", String(version)));
  }

  async function versionOf(folder: string): Promise<number> {
    const commits = readdirSync(join(folder, "_delta_log")).filter((name) => /^\d{20}\.json$/.test(name));
    return Math.max(...commits.map((name) => Number(name.slice(0, 20))));
  }

  const makers: Readonly<Record<Writer, (folder: string, feature: Feature) => Promise<void>>> = {
    async we(folder, { ours }) {
      await using subject = await subjectOf(folder);
      const { types, notNull = [], midway, ...options } = ours ?? {};
      const { fields } = structType(COLUMNS.map((name) => ({ name, type: types?.[name] ?? TYPES[name][0] })));
      const schema = {
        type: "struct" as const,
        fields: fields.map((field) => ({ ...field, nullable: !notNull.includes(field.name) })),
      };
      await subject.table.create({ schema, ...options });
      await subject.table.append(subject.rows(FIRST));
      await midway?.(subject);
      await subject.table.append(subject.rows(SECOND));
    },
    async Spark(folder, { spark: given = {} }) {
      const usual = COLUMNS.map((name) => [name, TYPES[name][1]]);
      const columns = Object.entries({ ...Object.fromEntries(usual), ...given.columns });
      const properties = Object.entries(given.properties ?? {}).map(([name, value]) => `'${name}' = '${value}'`);
      await runSpark(folder, [
        `CREATE TABLE $t (${columns.map((column) => column.join(" ")).join(", ")}) USING delta ${given.clause ?? ""}
         ${properties.length === 0 ? "" : `TBLPROPERTIES (${properties.join(", ")})`}`,
        insertSql(FIRST),
        ...(given.midway ?? []),
        insertSql(SECOND),
      ]);
    },
    async "delta-rs"(folder, { deltaRs: given = {} }) {
      const rows = ({ from, to, name }: Source) => `rows(${from}, ${to}, "${name}")`;
      const { create = "" } = given;
      const table = create.includes("schema=") ? create : `schema=schema(), ${create}`;
      const append = (source: Source) => `write_deltalake(path, ${rows(source)}, mode="append")`;
      const code = [`DeltaTable.create(path, ${table})`, append(FIRST), given.midway ?? "", append(SECOND)].join("\n");
      await deltaRs.run(folder, code);
    },
  };

  return {
    version: versionOf,
    async newTable(writer, feature) {
      const key = `${writer} ${feature.name}`;
      const making = made.get(key) ?? make();
      made.set(key, making);
      return copy(await making);
      async function make() {
        const folder = newFolder();
        await makers[writer](folder, feature);
        return folder;
      }
    },
    async perform(writer, folder, { ours, spark: statements = [], deltaRs: code = "" }) {
      if (writer === "Spark") return runSpark(folder, statements);
      if (writer === "delta-rs") return deltaRs.run(folder, code, await versionOf(folder));
      await using subject = await subjectOf(folder);
      await ours?.(subject);
    },
    withoutOldLog(folder) {
      const to = copy(folder);
      const log = join(to, "_delta_log");
      const names = readdirSync(log);
      const newest =
        names
          .filter((name) => name.includes(".checkpoint."))
          .sort()
          .at(-1)
          ?.slice(0, 20) ?? "";
      for (const name of names)
        if (/^\d{20}\.(json|crc)$/.test(name) && name.slice(0, 20) < newest) rmSync(join(log, name));
      return to;
    },
    async read(reader, folder) {
      // Two halves by the ids: whoever skips files by wrong stats loses rows.
      const halves = (columns: string, from: string) =>
        `SELECT ${columns} FROM ${from} WHERE id < 8 UNION ALL SELECT ${columns} FROM ${from} WHERE id >= 8`;
      switch (reader) {
        case "Spark":
          return sortedText(await spark(halves(asTextSql.spark, `delta.\`${folder}\``)));
        case "delta-rs":
          return sortedText(await deltaRs.query(folder, halves(asTextSql.deltaRs, "t")));
        case "DuckDB":
          return textOfQuery(await filesSql(session, folder));
        case "we": {
          await using table = await deltaFolder(folder, engine);
          const view = `read_${tables++}`;
          await (await table.snapshot()).define(session, view);
          return textOfQuery(`SELECT * FROM ${view}`);
        }
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
