import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import { isPinlakeError } from "../../../errors.ts";
import type { TableContext } from "../context.ts";
import { defineFiles, FILE_NUMBER, ROW_NUMBER } from "../files/define-files.ts";
import type { FileRows } from "../files/rewrite.ts";
import { withScratch } from "../files/scratch.ts";
import { type AddFile, fileKey } from "../log/actions.ts";
import type { Reads } from "../log/conflict.ts";
import type { LoadedState } from "../log/state.ts";

interface RowsWhere {
  readonly base: LoadedState;
  readonly where: string;
  readonly signal: AbortSignal | undefined;
}

/** The rows of that kind, file by file. */
export async function rowsWhere(
  context: TableContext,
  session: QuerySession,
  { base, where, signal }: RowsWhere,
): Promise<FileRows[]> {
  return rowsIn(context, session, [...base.files.values()], { base, where, signal });
}

/** What a change of these rows rests on: the files that hold some, and that new files of others hold none. */
export function readsWhere(
  context: TableContext,
  session: QuerySession,
  options: RowsWhere & { readonly found: readonly FileRows[] },
): Reads {
  return {
    kind: "rows",
    files: new Set(options.found.map(({ file }) => fileKey(file))),
    mayHold: () => true,
    async holding(adds) {
      const changed = adds.filter(({ dataChange }) => dataChange);
      try {
        return new Set((await rowsIn(context, session, changed, options)).map(({ file }) => file));
      } catch (error) {
        if (isPinlakeError(error, "TABLE_CORRUPT")) return new Set(changed);
        throw error;
      }
    },
  };
}

async function rowsIn(
  context: TableContext,
  session: QuerySession,
  adds: readonly AddFile[],
  { base, where, signal }: RowsWhere,
): Promise<FileRows[]> {
  const view = `target_${randomUUID()}`;
  return withScratch(session, { views: [view] }, async () => {
    const numbers = { fileNumber: FILE_NUMBER, rowNumber: ROW_NUMBER };
    await defineFiles(context, session, view, { adds, schema: base.schema, ...numbers, signal });
    return rowsByFile(session, adds, { from: `${session.quote(view)} WHERE (${where}\n) IS TRUE`, signal });
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
