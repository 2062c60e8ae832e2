import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../engine/query-engine.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { defineFiles, FILE_NUMBER } from "./define-files.ts";
import { withScratch } from "./scratch.ts";
import type { LoadedState } from "./state.ts";

/** The files that hold rows of that kind, and how many. */
export async function rowsWhere(
  context: TableContext,
  session: QuerySession,
  { base, where, signal }: { base: LoadedState; where: string; signal: AbortSignal | undefined },
): Promise<{ readonly file: AddFile; readonly rows: number }[]> {
  const adds = [...base.files.values()];
  const view = `target_${randomUUID()}`;
  const q = session.quote;
  return withScratch(session, { views: [view] }, async () => {
    await defineFiles(context, session, view, { adds, schema: base.schema, fileNumber: FILE_NUMBER, signal });
    const found = await session.query(
      `SELECT ${q(FILE_NUMBER)}, count(*) FROM ${q(view)} WHERE (${where}) IS TRUE GROUP BY 1 ORDER BY 1`,
      signal === undefined ? {} : { signal },
    );
    return found.rows.map(([number, rows]) => ({ file: adds[Number(number)] as AddFile, rows: Number(rows) }));
  });
}
