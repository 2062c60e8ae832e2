import type { Dataset } from "../../src/define/dataset.ts";
import type { CleanCounts } from "../../src/engine/clean.ts";
import { cleanFiles, type RawInput } from "../../src/engine/clean-files.ts";
import { cleanColumns } from "../../src/engine/clean-sql.ts";
import type { QuerySession } from "../../src/engine/query-engine.ts";

/** Cleans groups of objects or records; their rows can then be read as `good` (or `into`), the others as `bad`. */
export async function cleanInto(
  session: QuerySession,
  dataset: Dataset,
  groups: readonly (readonly RawInput[])[],
  {
    into = "good",
    ...options
  }: {
    readonly folder: string;
    readonly into?: string;
    readonly nowMs?: number;
    readonly foreignMarkers?: readonly string[];
  },
): Promise<CleanCounts> {
  async function* each() {
    yield* groups;
  }
  const { files, ...counts } = await cleanFiles(session, dataset, each(), {
    badInto: "bad",
    nowMs: 0,
    foreignMarkers: [],
    ...options,
  });
  await session.defineParquet(into, cleanColumns(dataset), files);
  return counts;
}
