import type { Project } from "../config/load-project.ts";
import type { SourceDefinition } from "../define/source.ts";
import { PinlakeError } from "../errors.ts";
import type { DataFolder } from "./data-folder.ts";
import { openSource } from "./drivers.ts";

export interface TableCount {
  readonly table: string;
  readonly rows: number;
}

export interface SourceInfo {
  readonly path: string;
  readonly tables: readonly (TableCount & { readonly key: string; readonly columns: readonly string[] })[];
}

/** Makes the source with the project's generator. Throws SOURCE_EXISTS, CONFIG_INVALID. */
export async function createSourceOf(
  project: Project,
  folder: DataFolder,
  options: { readonly seed: number; readonly rows?: number; readonly replace: boolean; readonly signal: AbortSignal },
): Promise<readonly TableCount[]> {
  const definition = await sourceDefinition(project);
  const { createSource } = await import("../source/sqlite/create.ts");
  return createSource(definition, { path: folder.source, ...options });
}

export async function importSource(
  from: string,
  folder: DataFolder,
  options: { readonly replace: boolean; readonly signal: AbortSignal },
): Promise<readonly TableCount[]> {
  const { importJsonl } = await import("../source/sqlite/import-jsonl.ts");
  return importJsonl({ folder: from, into: folder.source, ...options });
}

/** Throws SOURCE_MISSING. */
export async function sourceInfo(folder: DataFolder): Promise<SourceInfo> {
  await using source = await openSource(folder);
  const tables = await source.tables();
  return {
    path: folder.source,
    tables: await Promise.all(
      tables.map(async ({ name, key, columns }) => ({
        table: name,
        rows: await source.count(name),
        key,
        columns: columns.map((column) => column.name),
      })),
    ),
  };
}

async function sourceDefinition({ folder, loadSource }: Project): Promise<SourceDefinition> {
  if (loadSource !== undefined) return loadSource();
  const problems = ["source.generator: names no module yet; name one, or use `pinlake source import DIR`"];
  throw new PinlakeError("CONFIG_INVALID", { file: folder, problems });
}
