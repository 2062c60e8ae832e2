import type { Commit, CommitOptions, RowFiles, Rows } from "../table.ts";
import { checkTxns, commit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { withNewFiles } from "./new-files.ts";
import { checkWritable } from "./protocol.ts";
import { commitResult, NO_COUNTS, withConfiguration } from "./result.ts";
import { storedRows } from "./skipping.ts";

/** Adds rows without reading any: it may follow whatever others commit, but for a new schema. */
export async function append(context: TableContext, rows: Rows | RowFiles, options: CommitOptions): Promise<Commit> {
  const base = await context.stateOf(options.basedOn);
  const { schema, metaData, protocol } = base;
  checkWritable(context.location, protocol, metaData);
  checkTxns(context, base, options.txns ?? []);
  return withNewFiles(context, async (files) => {
    const brought = await files.bring(rows, { schema, metaData, signal: options.signal });
    const counts = { ...NO_COUNTS, inserted: storedRows(brought) };
    const after = await commit(context, {
      base,
      operation: "WRITE",
      operationParameters: { mode: "Append", partitionBy: JSON.stringify(metaData.partitionColumns) },
      metrics: {
        numFiles: files.adds.length,
        numOutputRows: counts.inserted,
        numOutputBytes: brought.reduce((sum, { size }) => sum + size, 0),
        ...options.metrics?.(counts),
      },
      reads: { kind: "nothing" },
      files,
      txns: options.txns ?? [],
      metaData: withConfiguration(metaData, options),
      signal: options.signal,
    });
    return commitResult(after.version, counts, { rows: brought });
  });
}
