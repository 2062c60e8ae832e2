import { PinlakeError } from "../../../errors.ts";
import { ownValue } from "../../../own-value.ts";
import type { Commit, UpdateOptions } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { keepsChanges, withRowsOf } from "../files/change-data.ts";
import { withNewFiles } from "../files/new-files.ts";
import { storedRows } from "../files/skipping.ts";
import { takeOut } from "../files/take-out.ts";
import { begin, checkMayRemove, commit } from "../log/commit.ts";
import { commitResult, fileMetrics, filesOf, withConfiguration } from "./result.ts";
import { readsWhere, rowsWhere } from "./rows-where.ts";

/** Rows leave as they were and come in as they are to be. */
export async function update(context: TableContext, options: UpdateOptions): Promise<Commit> {
  const { session, set, where = "TRUE", signal, txns = [] } = options;
  const base = await begin(context, options);
  const { schema, metaData } = base;
  checkMayRemove(context, metaData);
  const write = { schema, metaData, signal };
  for (const column of Object.keys(set))
    if (!schema.fields.some(({ name }) => name === column))
      throw new PinlakeError("SCHEMA_MISMATCH", {
        table: context.location,
        column,
        found: "a value",
        expected: "no such column",
      });
  const columns = schema.fields.map(
    ({ name }) => `(${ownValue(set, name) ?? session.quote(name)}\n) AS ${session.quote(name)}`,
  );
  const leaving = await rowsWhere(context, session, { base, where, signal });

  return withNewFiles(context, (files) =>
    withRowsOf(context, session, { files: leaving, write }, async (before) => {
      const sql = `SELECT ${columns.join(", ")} FROM ${before}`;
      const brought = leaving.length === 0 ? [] : await files.bring({ session, sql }, write);
      const taken = await takeOut(context, session, files, { base, leaving, write });
      if (keepsChanges(base) && leaving.length > 0)
        await withRowsOf(context, session, { files: brought, write }, (after) =>
          files.writeChanges(
            session,
            [
              { type: "update_preimage", sql: `SELECT * FROM ${before}` },
              { type: "update_postimage", sql: `SELECT * FROM ${after}` },
            ],
            write,
          ),
        );
      const updated = storedRows(brought);
      const counts = { inserted: 0, replaced: updated, kept: 0, deleted: 0 };
      const { version } = await commit(context, {
        base,
        operation: "UPDATE",
        operationParameters: { predicate: JSON.stringify([where]) },
        metrics: {
          numUpdatedRows: updated,
          numCopiedRows: storedRows(files.adds) - updated,
          ...fileMetrics(files, taken),
          ...options.metrics?.(counts),
        },
        reads: readsWhere(context, session, { base, where, found: leaving, signal }),
        ...filesOf(files, taken),
        txns,
        metaData: withConfiguration(metaData, options),
        signal,
      });
      return commitResult(version, counts, { ...taken, rows: brought });
    }),
  );
}
