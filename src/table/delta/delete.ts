import type { Commit, DeleteOptions } from "../table.ts";
import { fileKey } from "./actions.ts";
import { checkMayRemove, checkTxns, commit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { removeOf } from "./data-files.ts";
import { withNewFiles } from "./new-files.ts";
import { checkWritable } from "./protocol.ts";
import { commitResult, type Replaced, withConfiguration } from "./result.ts";
import { rewrite } from "./rewrite.ts";
import { rowsWhere } from "./rows-where.ts";
import { rowsOf, storedRows } from "./skipping.ts";

/** Copy on write. A file that loses every row is removed, and nothing is written in its place. */
export async function deleteRows(context: TableContext, options: DeleteOptions): Promise<Commit> {
  const { session, where, signal, txns = [] } = options;
  const base = await context.stateOf(options.basedOn);
  const { schema, metaData } = base;
  checkWritable(context.location, base.protocol, metaData);
  checkMayRemove(context, metaData);
  checkTxns(context, base, txns);
  const leaving = await rowsWhere(context, session, { base, where, signal });
  const write = { schema, configuration: metaData.configuration, signal };
  const keep = `NOT ((${where}) IS TRUE)`;

  return withNewFiles(context, async (files) => {
    const replaced: Replaced[] = [];
    for (const { file, rows } of leaving) {
      const by =
        rows === rowsOf(file) ? undefined : await rewrite(context, session, files, { files: [file], keep, write });
      replaced.push({ remove: removeOf(file, { nowMs: context.clock.now() }), by });
    }
    const deleted = leaving.reduce((sum, { rows }) => sum + rows, 0);
    const counts = { inserted: 0, replaced: 0, kept: 0, deleted };
    const after = await commit(context, {
      base,
      operation: "DELETE",
      operationParameters: { predicate: JSON.stringify([where]) },
      metrics: {
        numDeletedRows: deleted,
        numCopiedRows: storedRows(files.adds),
        numAddedFiles: files.adds.length,
        numRemovedFiles: replaced.length,
        ...options.metrics?.(counts),
      },
      reads: { kind: "rows", files: new Set([...base.files.values()].map(fileKey)), mayHold: () => true },
      files,
      removes: replaced.map(({ remove }) => remove),
      txns,
      metaData: withConfiguration(metaData, options),
      signal,
    });
    return commitResult(after.version, counts, { replaced });
  });
}
