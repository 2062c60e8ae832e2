import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../engine/query-engine.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { defineFiles, type WriteOptions } from "./data-files.ts";
import type { NewFiles } from "./new-files.ts";
import { selectColumns } from "./rows.ts";
import { withScratch } from "./scratch.ts";

/** Writes a file anew with those of its rows (`t`) for which `keep` is true; undefined when there are none. */
export async function rewrite(
  context: TableContext,
  session: QuerySession,
  files: NewFiles,
  { file, keep, write }: { readonly file: AddFile; readonly keep: string; readonly write: WriteOptions },
): Promise<AddFile | undefined> {
  const view = `file_${randomUUID()}`;
  const q = session.quote;
  return withScratch(session, { views: [view] }, async () => {
    await defineFiles(context, session, view, { adds: [file], schema: write.schema, signal: write.signal });
    return files.write(
      session,
      selectColumns(session, write.schema, `(SELECT * FROM ${q(view)} AS t WHERE ${keep})`),
      write,
    );
  });
}
