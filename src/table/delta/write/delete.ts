import type { Commit, DeleteOptions } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { keepsChanges, withRowsOf } from "../files/change-data.ts";
import { withNewFiles } from "../files/new-files.ts";
import { storedRows } from "../files/skipping.ts";
import { takeOut } from "../files/take-out.ts";
import { begin, checkMayRemove, commit } from "../log/commit.ts";
import { commitResult, fileMetrics, filesOf, withConfiguration } from "./result.ts";
import { readsWhere, rowsWhere } from "./rows-where.ts";

export async function deleteRows(context: TableContext, options: DeleteOptions): Promise<Commit> {
  const { session, where, signal, txns = [] } = options;
  const base = await begin(context, options);
  const { schema, metaData } = base;
  checkMayRemove(context, metaData);
  const leaving = await rowsWhere(context, session, { base, where, signal });
  const write = { schema, metaData, signal };

  return withNewFiles(context, async (files) => {
    const taken = await takeOut(context, session, files, { base, leaving, write });
    // What a version only removes needs no telling.
    if (keepsChanges(base) && taken.replaced.some(({ by }) => by !== undefined))
      await withRowsOf(context, session, { files: leaving, write }, (gone) =>
        files.writeChanges(session, [{ type: "delete", sql: `SELECT * FROM ${gone}` }], write),
      );
    const deleted = leaving.reduce((sum, { rows }) => sum + rows.length, 0);
    const counts = { inserted: 0, replaced: 0, kept: 0, deleted };
    const after = await commit(context, {
      base,
      operation: "DELETE",
      operationParameters: { predicate: JSON.stringify([where]) },
      metrics: {
        numDeletedRows: deleted,
        numCopiedRows: storedRows(files.adds),
        ...fileMetrics(files, taken),
        ...options.metrics?.(counts),
      },
      reads: readsWhere(context, session, { base, where, found: leaving, signal }),
      ...filesOf(files, taken),
      txns,
      metaData: withConfiguration(metaData, options),
      signal,
    });
    return commitResult(after.version, counts, taken);
  });
}
