import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { StructType } from "../../../engine/schema.ts";
import type { TableContext } from "../context.ts";
import type { AddFile } from "../log/actions.ts";
import { defineFiles } from "./define-files.ts";
import { withScratch } from "./scratch.ts";
import { rowsOf, storedRows } from "./skipping.ts";

/** Rows in these files: by their stats, or counted where these do not say. */
export async function countRows(
  context: Pick<TableContext, "files" | "location">,
  adds: readonly AddFile[],
  schema: StructType,
  useSession: <T>(work: (session: QuerySession) => Promise<T>) => Promise<T>,
): Promise<number> {
  const uncounted = adds.filter((add) => rowsOf(add) === undefined);
  const known = storedRows(adds);
  if (uncounted.length === 0) return known;
  return useSession((session) => {
    const view = `uncounted_${randomUUID()}`;
    return withScratch(session, { views: [view] }, async () => {
      await defineFiles(context, session, view, { adds: uncounted, schema });
      const { rows } = await session.query(`SELECT count(*) FROM ${session.quote(view)}`);
      return known + Number(rows[0]?.[0]);
    });
  });
}
