import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { QuerySession } from "../../src/engine/query-engine.ts";
import type { StructType } from "../../src/engine/schema.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { logKey } from "./delta-table.ts";
import { tempFolder } from "./temp-folder.ts";

interface ChangeAction {
  readonly cdc?: { readonly path: string; readonly partitionValues: Readonly<Record<string, string | null>> };
}

export interface ChangedRow {
  readonly type: string;
  /** `id@seq` */
  readonly row: string;
}

/** The changes that a version of the events table at `t` tells, by the files themselves; undefined when it tells none. */
export async function changedRows(
  session: QuerySession,
  store: ObjectStore,
  { version, schema }: { readonly version: number; readonly schema: StructType },
): Promise<ChangedRow[] | undefined> {
  const text = new TextDecoder().decode(await store.get(logKey(version)));
  const actions = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ChangeAction);
  const files = actions.flatMap(({ cdc }) => (cdc === undefined ? [] : [cdc]));
  if (files.length === 0) return undefined;
  const stored = (column: string) =>
    String(schema.fields.find(({ name }) => name === column)?.metadata["delta.columnMapping.physicalName"] ?? column);
  await using folder = await tempFolder();
  const changed: ChangedRow[] = [];
  for (const [i, { path, partitionValues }] of files.entries()) {
    const copy = join(folder.path, `${i}.parquet`);
    await writeFile(copy, await store.get(`t/${path}`));
    for (const row of await session.rows(`SELECT * FROM read_parquet('${copy}', hive_partitioning = false)`)) {
      const whole: Readonly<Record<string, unknown>> = { ...row, ...partitionValues };
      changed.push({ type: String(row._change_type), row: `${whole[stored("id")] ?? null}@${whole[stored("seq")]}` });
    }
  }
  return changed;
}
