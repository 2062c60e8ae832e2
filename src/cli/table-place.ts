import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { QueryEngine, Table } from "../app/delta.ts";
import type { CommandContext } from "./context.ts";
import { reading } from "./reading.ts";

export const TABLE = "batch.x, stream.x, answers.x, or the path of any Delta table";

/** A table of the pipeline, which whoever holds the data folder writes, or any other by its folder. */
export type TablePlace =
  | { readonly kind: "ours"; readonly name: string }
  | { readonly kind: "folder"; readonly folder: string };

/** What a person typed: a path has a slash or begins with a dot, or there is a table. */
export function tablePlace(on: CommandContext, typed: string): TablePlace {
  const folder = resolve(on.effects.cwd, typed);
  if (!/^\.|[/\\]/.test(typed) && !existsSync(join(folder, "_delta_log"))) return { kind: "ours", name: typed };
  // The pipeline's own are written by nobody beside it, however they are named.
  const [schema, table, ...rest] = relative(join(on.data, "tables"), folder).split("/");
  if (schema !== undefined && schema !== ".." && table !== undefined && rest.length === 0)
    return { kind: "ours", name: `${schema}.${table}` };
  return { kind: "folder", folder };
}

/** Runs `work` with a table to read. */
export async function onTable<T>(
  on: CommandContext,
  typed: string,
  work: (table: Table, engine: Pick<QueryEngine, "session">) => Promise<T>,
): Promise<T> {
  const place = tablePlace(on, typed);
  if (place.kind === "folder") {
    const { withFolderTable } = await import("../app/table-verbs.ts");
    return withFolderTable(place.folder, (table) => work(table, table));
  }
  return reading(on, async (reader) => {
    const { findTable } = await import("../app/table-names.ts");
    return work(reader.openTable(findTable(reader.names, place.name).prefix), reader.engine);
  });
}
