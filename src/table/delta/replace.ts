import { PinlakeError } from "../../errors.ts";
import type { Commit, ReplaceOptions, RowFiles } from "../table.ts";
import { type AddFile, fileKey } from "./actions.ts";
import { checkTxns, commit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { countRows } from "./count-rows.ts";
import { removeOf } from "./data-files.ts";
import { withNewFiles } from "./new-files.ts";
import { checkWritable } from "./protocol.ts";
import { commitResult, type Replaced, withConfiguration } from "./result.ts";
import { rewrite, rewriteTogether } from "./rewrite.ts";
import { storedRows } from "./skipping.ts";
import type { LoadedState } from "./state.ts";

/**
 * Copy on write. The files with rows that leave are written anew without them, small ones together. The caller has
 * decided by what the table was: rows that anybody adds meanwhile are a conflict, whatever they are.
 */
export async function replace(context: TableContext, rows: RowFiles, options: ReplaceOptions): Promise<Commit> {
  const { session } = rows;
  const { leaving, signal, txns = [] } = options;
  const base = await context.stateOf(options.basedOn);
  const { schema, metaData } = base;
  checkWritable(context.location, base.protocol, metaData);
  checkTxns(context, base, txns);
  const files = filesNamed(context, base, leaving.files);
  const write = { schema, configuration: metaData.configuration, signal };

  return withNewFiles(context, async (written) => {
    const brought = await written.adopt(rows, write);
    const replaced: Replaced[] = [];
    for (const group of metaData.partitionColumns.length === 0 ? rewriteTogether(files) : files.map((file) => [file])) {
      const keep = `(${leaving.where}) IS NOT TRUE`;
      const by = await rewrite(context, session, written, { files: group, keep, write });
      const nowMs = context.clock.now();
      for (const file of group) replaced.push({ remove: removeOf(file, { nowMs }), by });
    }
    const copied = storedRows(written.adds) - storedRows(brought);
    const held = await countRows(context, files, schema, (count) => count(session));
    const counts = { inserted: storedRows(brought) - (held - copied), replaced: held - copied, kept: 0, deleted: 0 };
    const after = await commit(context, {
      base,
      operation: "MERGE",
      metrics: {
        numSourceRows: storedRows(brought),
        numTargetRowsInserted: counts.inserted,
        numTargetRowsUpdated: counts.replaced,
        numTargetRowsCopied: copied,
        numTargetFilesAdded: written.adds.length,
        numTargetFilesRemoved: replaced.length,
        ...options.metrics?.(counts),
      },
      reads: { kind: "rows", files: new Set(files.map(fileKey)), mayHold: () => true },
      files: written,
      removes: replaced.map(({ remove }) => remove),
      txns,
      metaData: withConfiguration(metaData, options),
      signal,
    });
    return commitResult(after.version, counts, { rows: brought, replaced });
  });
}

/** A file that the caller names and the table no longer has went somewhere the caller does not know. */
function filesNamed({ location }: TableContext, base: LoadedState, paths: readonly string[]): AddFile[] {
  return [...new Set(paths)].map((path) => {
    const add = base.files.get(path);
    if (add !== undefined) return add;
    const reason = `the file ${path} is no longer part of it`;
    throw new PinlakeError("TABLE_CONFLICT", { table: location, version: String(base.version), reason });
  });
}
