import type { Dataset } from "../../src/define/dataset.ts";
import type { CleanCounts } from "../../src/engine/clean.ts";
import { cleanFiles, type RawInput } from "../../src/engine/clean-files.ts";
import { cleanColumns } from "../../src/engine/clean-sql.ts";
import type { QuerySession } from "../../src/engine/query-engine.ts";

/** Cleans groups of objects; their rows can then be read as `good`, the others as `bad`. */
export async function cleanInto(
  session: QuerySession,
  dataset: Dataset,
  groups: readonly (readonly RawInput[])[],
  options: { readonly folder: string; readonly nowMs?: number; readonly foreignMarkers?: readonly string[] },
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
  await session.defineParquet("good", cleanColumns(dataset), files);
  return counts;
}
