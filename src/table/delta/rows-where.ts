import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../engine/query-engine.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { defineFiles, FILE_NUMBER, ROW_NUMBER } from "./define-files.ts";
import type { FileRows } from "./rewrite.ts";
import { withScratch } from "./scratch.ts";
import type { LoadedState } from "./state.ts";

/** The rows of that kind, file by file. */
export async function rowsWhere(
  context: TableContext,
  session: QuerySession,
  { base, where, signal }: { base: LoadedState; where: string; signal: AbortSignal | undefined },
): Promise<FileRows[]> {
  const adds = [...base.files.values()];
  const view = `target_${randomUUID()}`;
  return withScratch(session, { views: [view] }, async () => {
    const numbers = { fileNumber: FILE_NUMBER, rowNumber: ROW_NUMBER };
    await defineFiles(context, session, view, { adds, schema: base.schema, ...numbers, signal });
    return rowsByFile(session, adds, { from: `${session.quote(view)} WHERE (${where}) IS TRUE`, signal });
  });
}

/** The rows of a relation with the columns FILE_NUMBER (of these files) and ROW_NUMBER; each counts once. */
export async function rowsByFile(
  session: QuerySession,
  adds: readonly AddFile[],
  { from, signal }: { readonly from: string; readonly signal: AbortSignal | undefined },
): Promise<FileRows[]> {
  const [file, row] = [session.quote(FILE_NUMBER), session.quote(ROW_NUMBER)];
  const found = await session.query(
    `SELECT ${file}, list(DISTINCT ${row}) FROM ${from} GROUP BY 1 ORDER BY 1`,
    signal === undefined ? {} : { signal },
  );
  return found.rows.map(([number, rows]) => ({
    file: adds[Number(number)] as AddFile,
    rows: rows as readonly number[],
  }));
}
