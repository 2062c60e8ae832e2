import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { TableContext } from "../context.ts";
import type { AddFile } from "../log/actions.ts";
import type { WriteOptions } from "./data-files.ts";
import { defineFiles } from "./define-files.ts";
import type { NewFiles } from "./new-files.ts";
import { partitionKey } from "./partitions.ts";
import { selectColumns } from "./rows.ts";
import { withScratch } from "./scratch.ts";
import { rowsOf } from "./skipping.ts";

/** Rows of a file, by their numbers in it. */
export interface FileRows {
  readonly file: AddFile;
  readonly rows: readonly number[];
}

/** Writes files of one partition anew, as one, without these of their rows; undefined when no others are left. */
export async function rewrite(
  context: TableContext,
  session: QuerySession,
  written: NewFiles,
  { without, write }: { readonly without: readonly FileRows[]; readonly write: WriteOptions },
): Promise<AddFile | undefined> {
  const view = `file_${randomUUID()}`;
  return withScratch(session, { views: [view] }, async () => {
    const adds = without.map(({ file }) => file);
    const alsoWithout = new Map(without.map(({ file, rows }) => [file, rows]));
    await defineFiles(context, session, view, { adds, alsoWithout, schema: write.schema, signal: write.signal });
    const partition = adds[0]?.partitionValues ?? {};
    const sql = selectColumns(session, write.schema, session.quote(view));
    const [add] = await written.write(session, sql, { ...write, partition });
    return add;
  });
}

const TOGETHER = { bytes: 4 * 1024 * 1024, rows: 8000 };

/**
 * Which files to write anew as one: a file costs about as much as thousands of rows do, so small ones of a partition go
 * together; larger ones stay apart, or every merge would copy more.
 */
export function rewriteTogether(all: readonly FileRows[]): FileRows[][] {
  const partitions = Map.groupBy(all, ({ file }) => partitionKey(file));
  return [...partitions.values()].flatMap((leaving) => {
    const groups: FileRows[][] = [];
    let [bytes, rows] = [0, 0];
    for (const one of leaving) {
      const group = groups.at(-1);
      const [moreBytes, moreRows] = [one.file.size, rowsOf(one.file) ?? TOGETHER.rows];
      bytes += moreBytes;
      rows += moreRows;
      if (group !== undefined && bytes <= TOGETHER.bytes && rows <= TOGETHER.rows) group.push(one);
      else {
        groups.push([one]);
        [bytes, rows] = [moreBytes, moreRows];
      }
    }
    return groups;
  });
}
