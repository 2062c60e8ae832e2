import { PinlakeError } from "../../../errors.ts";
import type { Commit, ReplaceOptions, RowFiles } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { checkWritable } from "../definition/protocol.ts";
import { keepsChanges, writeReplaced } from "../files/change-data.ts";
import { withNewFiles } from "../files/new-files.ts";
import type { FileRows } from "../files/rewrite.ts";
import { storedRows } from "../files/skipping.ts";
import { takeOut } from "../files/take-out.ts";
import { decodePath, fileKey } from "../log/actions.ts";
import { checkMayRemove, checkTxns, commit } from "../log/commit.ts";
import type { LoadedState } from "../log/state.ts";
import { commitResult, withConfiguration } from "./result.ts";

/** The caller has decided by what the table was: rows that anybody adds meanwhile are a conflict, whatever they are. */
export async function replace(context: TableContext, rows: RowFiles, options: ReplaceOptions): Promise<Commit> {
  const { session } = rows;
  const { signal, txns = [] } = options;
  const base = await context.stateOf(options.basedOn);
  const { schema, metaData } = base;
  checkWritable(context.location, base.protocol, metaData);
  checkTxns(context, base, txns);
  const leaving = rowsNamed(context, base, options.leaving);
  if (leaving.length > 0) checkMayRemove(context, metaData);
  const write = { schema, metaData, signal };

  return withNewFiles(context, async (written) => {
    const brought = await written.bring(rows, write);
    const { replaced, marked } = await takeOut(context, session, written, { base, leaving, write });
    if (keepsChanges(base) && leaving.length > 0)
      await writeReplaced(context, session, written, { leaving, brought, write });
    const [stored, taken] = [storedRows(brought), leaving.reduce((sum, { rows: { length } }) => sum + length, 0)];
    const counts = { inserted: stored - taken, replaced: taken, kept: 0, deleted: 0 };
    const after = await commit(context, {
      base,
      operation: "MERGE",
      metrics: {
        numSourceRows: stored,
        numTargetRowsInserted: counts.inserted,
        numTargetRowsUpdated: counts.replaced,
        numTargetRowsCopied: storedRows(written.adds) - stored,
        numTargetFilesAdded: written.adds.length,
        numTargetFilesRemoved: replaced.length - marked.length,
        numTargetDeletionVectorsUpdated: marked.length,
        ...options.metrics?.(counts),
      },
      reads: { kind: "rows", files: new Set(leaving.map(({ file }) => fileKey(file))), mayHold: () => true },
      files: written,
      adds: marked,
      removes: replaced.map(({ remove }) => remove),
      txns,
      metaData: withConfiguration(metaData, options),
      signal,
    });
    return commitResult(after.version, counts, { rows: brought, replaced });
  });
}

/** A file that the caller names and the table no longer has went somewhere the caller does not know. */
function rowsNamed({ location }: TableContext, base: LoadedState, named: ReplaceOptions["leaving"]): FileRows[] {
  if (named.size === 0) return [];
  const files = [...base.files.values()].filter((file) => named.has(decodePath(file.path)));
  const found = new Set(files.map(({ path }) => decodePath(path)));
  for (const path of named.keys()) {
    if (found.has(path)) continue;
    const reason = `the file ${path} is no longer part of it`;
    throw new PinlakeError("TABLE_CONFLICT", { table: location, version: String(base.version), reason });
  }
  return files.map((file) => ({ file, rows: [...new Set(named.get(decodePath(file.path)))] }));
}
