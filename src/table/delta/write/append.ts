import type { AppendOptions, Commit, RowFiles, Rows } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { evolvedMetaData } from "../definition/evolve.ts";
import { withNewFiles } from "../files/new-files.ts";
import { storedRows } from "../files/skipping.ts";
import { begin, commit } from "../log/commit.ts";
import { parseSchema } from "../log/state.ts";
import { commitResult, NO_COUNTS, withConfiguration } from "./result.ts";

/** Adds rows without reading any: it may follow whatever others commit, but for a new schema. */
export async function append(context: TableContext, rows: Rows | RowFiles, options: AppendOptions): Promise<Commit> {
  const base = await begin(context, options);
  const evolved = options.mergeSchema ? await evolvedMetaData(context, base, rows) : undefined;
  const metaData = withConfiguration(evolved ?? base.metaData, options) ?? evolved;
  const after = metaData ?? base.metaData;
  const write = { schema: parseSchema(after), metaData: after, signal: options.signal };
  return withNewFiles(context, async (files) => {
    const brought = await files.bring(rows, write);
    const counts = { ...NO_COUNTS, inserted: storedRows(brought) };
    const { version } = await commit(context, {
      base,
      operation: "WRITE",
      operationParameters: { mode: "Append", partitionBy: JSON.stringify(after.partitionColumns) },
      metrics: {
        numFiles: files.adds.length,
        numOutputRows: counts.inserted,
        numOutputBytes: brought.reduce((sum, { size }) => sum + size, 0),
        ...options.metrics?.(counts),
      },
      reads: { kind: "nothing" },
      files,
      txns: options.txns ?? [],
      metaData,
      signal: options.signal,
    });
    return commitResult(version, counts, { rows: brought });
  });
}
