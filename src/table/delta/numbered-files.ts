import type { QuerySession } from "../../engine/query-engine.ts";
import type { StructType } from "../../engine/schema.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { defineFiles } from "./data-files.ts";

/** The column that tells which of the files a row came from, counted from 0. */
export const FILE_NUMBER = "_pinlake_file";

/** Like defineFiles, with FILE_NUMBER as a further column. */
export async function defineNumberedFiles(
  context: Pick<TableContext, "files" | "location">,
  session: QuerySession,
  name: string,
  { adds, schema, signal }: { adds: readonly AddFile[]; schema: StructType; signal?: AbortSignal | undefined },
): Promise<void> {
  const numbered = adds.map((add, i) => ({
    ...add,
    partitionValues: { ...add.partitionValues, [FILE_NUMBER]: String(i) },
  }));
  const withNumber: StructType = {
    ...schema,
    fields: [...schema.fields, { name: FILE_NUMBER, type: "integer", nullable: true, metadata: {} }],
  };
  await defineFiles(context, session, name, { adds: numbered, schema: withNumber, signal });
}
