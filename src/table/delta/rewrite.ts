import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../engine/query-engine.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import type { WriteOptions } from "./data-files.ts";
import { defineFiles } from "./define-files.ts";
import type { NewFiles } from "./new-files.ts";
import { selectColumns } from "./rows.ts";
import { withScratch } from "./scratch.ts";
import { rowsOf } from "./skipping.ts";

/** Writes files anew, as one, with those of their rows (`t`) for which `keep` is true; undefined when there are none. */
export async function rewrite(
  context: TableContext,
  session: QuerySession,
  written: NewFiles,
  { files, keep, write }: { readonly files: readonly AddFile[]; readonly keep: string; readonly write: WriteOptions },
): Promise<AddFile | undefined> {
  const view = `file_${randomUUID()}`;
  const q = session.quote;
  return withScratch(session, { views: [view] }, async () => {
    await defineFiles(context, session, view, { adds: files, schema: write.schema, signal: write.signal });
    return written.write(
      session,
      selectColumns(session, write.schema, `(SELECT * FROM ${q(view)} AS t WHERE ${keep})`),
      write,
    );
  });
}

const TOGETHER = { bytes: 4 * 1024 * 1024, rows: 8000 };

/**
 * Which files to write anew as one: a file costs about as much as thousands of rows do, so small ones go together;
 * larger ones stay apart, or every merge would copy more.
 */
export function rewriteTogether(files: readonly AddFile[]): AddFile[][] {
  const groups: AddFile[][] = [];
  let [bytes, rows] = [0, 0];
  for (const file of files) {
    const group = groups.at(-1);
    bytes += file.size;
    rows += rowsOf(file) ?? TOGETHER.rows;
    if (group !== undefined && bytes <= TOGETHER.bytes && rows <= TOGETHER.rows) group.push(file);
    else {
      groups.push([file]);
      [bytes, rows] = [file.size, rowsOf(file) ?? TOGETHER.rows];
    }
  }
  return groups;
}
