import type { Commit, CommitOptions, Rows } from "../table.ts";
import { checkTxns, commit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { withNewFiles } from "./new-files.ts";
import { checkWritable } from "./protocol.ts";
import { commitResult, NO_COUNTS, withConfiguration } from "./result.ts";
import { inSchemaOrder } from "./rows.ts";
import { rowsOf } from "./skipping.ts";

/** Adds rows without reading any: it may follow whatever others commit, but for a new schema. */
export async function append(context: TableContext, rows: Rows, options: CommitOptions): Promise<Commit> {
  const base = await context.stateOf(options.basedOn);
  const { schema, metaData, protocol } = base;
  checkWritable(context.location, protocol, metaData);
  checkTxns(context, base, options.txns ?? []);
  const sql = await inSchemaOrder(rows, schema, context.location);
  return withNewFiles(context, async (files) => {
    const add = await files.write(rows.session, sql, {
      schema,
      configuration: metaData.configuration,
      signal: options.signal,
    });
    const counts = { ...NO_COUNTS, inserted: add === undefined ? 0 : (rowsOf(add) ?? 0) };
    const after = await commit(context, {
      base,
      operation: "WRITE",
      operationParameters: { mode: "Append", partitionBy: "[]" },
      metrics: {
        numFiles: files.adds.length,
        numOutputRows: counts.inserted,
        numOutputBytes: add?.size ?? 0,
        ...options.metrics?.(counts),
      },
      reads: { kind: "nothing" },
      files,
      txns: options.txns ?? [],
      metaData: withConfiguration(metaData, options),
      signal: options.signal,
    });
    return commitResult(after.version, counts, { rows: add });
  });
}
