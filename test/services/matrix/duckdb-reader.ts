import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { QuerySession } from "../../../src/engine/query-engine.ts";
import type { StructType } from "../../../src/engine/schema.ts";
import { COLUMNS } from "./rows.ts";

interface Add {
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
}

/**
 * The table's rows as DuckDB reads them from the files that the log names: one SELECT. Nothing of our own reading is in it:
 * commits are taken one after the other, by themselves or after the newest checkpoint.
 */
export async function filesSql(session: QuerySession, folder: string): Promise<string> {
  const { adds, schema } = await replay(session, join(folder, "_delta_log"));
  const physical = new Map(schema.fields.map((field) => [field.name, physicalName(field)]));
  const point = schema.fields.find(({ name }) => name === "point")?.type as StructType;
  const selects = adds.map(({ path, partitionValues }) => {
    const values = COLUMNS.map((name) => {
      const column = physical.get(name) ?? name;
      const value = partitionValues[column];
      if (value !== undefined) return `${value === null ? "NULL" : `'${value}'`}::VARCHAR AS ${name}`;
      const read = `"${column}"`;
      return name === "point" ? `{'x': ${read}."${physicalName(point.fields[0])}"} AS point` : `${read} AS ${name}`;
    });
    const file = join(folder, decodeURIComponent(path)).replaceAll("'", "''");
    return `SELECT ${values.join(", ")} FROM read_parquet('${file}', hive_partitioning = false)`;
  });
  return selects.join(" UNION ALL ");
}

const physicalName = (field: StructType["fields"][number] | undefined): string =>
  String(field?.metadata["delta.columnMapping.physicalName"] ?? field?.name);

async function replay(session: QuerySession, log: string): Promise<{ adds: Add[]; schema: StructType }> {
  const names = readdirSync(log).sort();
  const commits = names.filter((name) => /^\d{20}\.json$/.test(name));
  const whole = existsSync(join(log, `${"0".repeat(20)}.json`));
  const checkpoint = whole
    ? undefined
    : names.findLast((name) => /^\d{20}\.checkpoint\.([\w-]+\.)?(parquet|json)$/.test(name));
  const adds = new Map<string, Add>();
  let schemaString = "";
  const sidecars: string[] = [];
  const take = (line: string) => {
    const { add, remove, metaData, sidecar } = JSON.parse(line);
    if (remove) adds.delete(remove.path);
    if (add) adds.set(add.path, add);
    if (sidecar) sidecars.push(join("_sidecars", sidecar.path));
    if (metaData) schemaString = metaData.schemaString;
    if (metaData?.configuration["delta.enableDeletionVectors"] === "true")
      throw new Error("DuckDB reads files, it knows no deletion vectors");
  };
  async function takeFile(name: string): Promise<void> {
    const path = join(log, name);
    if (name.endsWith(".json")) return linesOf(path).forEach(take);
    const { rows } = await session.query(`SELECT to_json(c)::VARCHAR FROM read_parquet('${path}') c`);
    for (const [line] of rows) take(String(line));
  }
  if (checkpoint !== undefined) await takeFile(checkpoint);
  for (const name of sidecars) await takeFile(name);
  for (const name of commits) {
    if (checkpoint !== undefined && name.slice(0, 20) <= checkpoint.slice(0, 20)) continue;
    const removesFirst = linesOf(join(log, name)).sort((a, b) => Number(isAdd(a)) - Number(isAdd(b)));
    removesFirst.forEach(take);
  }
  return { adds: [...adds.values()], schema: JSON.parse(schemaString) };
}

const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");

const isAdd = (line: string) => line.startsWith('{"add"');
