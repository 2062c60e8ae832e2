import type { QuerySession } from "../../../engine/query-engine.ts";
import type { StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { AppendOptions, Commit, RowFiles, Rows } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { defined } from "../definition/definition.ts";
import { evolvedMetaData } from "../definition/evolve.ts";
import { keepsChanges, withRowsOf, writeReplaced } from "../files/change-data.ts";
import { removeOf, type WriteOptions } from "../files/data-files.ts";
import { type NewFiles, withNewFiles } from "../files/new-files.ts";
import { storedRows } from "../files/skipping.ts";
import { type TakenOut, takeOut } from "../files/take-out.ts";
import type { AddFile, MetaData } from "../log/actions.ts";
import { begin, checkMayRemove, commit } from "../log/commit.ts";
import type { Reads } from "../log/conflict.ts";
import { type LoadedState, parseSchema } from "../log/state.ts";
import { commitResult, filesOf, withConfiguration } from "./result.ts";
import { readsWhere, rowsWhere } from "./rows-where.ts";

export type OverwriteOptions = AppendOptions & { readonly where?: string; readonly schema?: StructType };

/** New rows in the place of all, or of those that fit `where`; the schema may change with them. */
export async function overwrite(
  context: TableContext,
  rows: Rows | RowFiles,
  options: OverwriteOptions,
): Promise<Commit> {
  const { session } = rows;
  const { where, signal, txns = [] } = options;
  const base = await begin(context, options);
  if (base.files.size > 0) checkMayRemove(context, base.metaData);
  if (where !== undefined && options.schema !== undefined)
    throw new PinlakeError("USAGE", {
      message: `${context.location}: an overwrite of some rows keeps the others, so it cannot give the table another schema.`,
    });
  const metaData = await newMetaData(context, base, rows, options);
  const after = metaData ?? base.metaData;
  const write = { schema: parseSchema(after), metaData: after, signal };
  const takeAway = async (files: NewFiles): Promise<TakenAway> => {
    if (where === undefined) return wholeTable(context, base);
    const leaving = await rowsWhere(context, session, { base, where, signal });
    const brought = [...files.adds];
    const taken = await takeOut(context, session, files, { base, leaving, write });
    if (keepsChanges(base) && leaving.length > 0)
      await writeReplaced(context, session, files, { leaving, brought, write });
    const reads = readsWhere(context, session, { base, where, found: leaving, signal });
    return { ...taken, reads, rows: leaving.reduce((sum, { rows }) => sum + rows.length, 0) };
  };

  return withNewFiles(context, async (files) => {
    const brought = await files.bring(rows, write);
    if (where !== undefined) await checkFitting(context, session, { files: brought, where, write });
    const taken = await takeAway(files);
    const counts = { inserted: storedRows(brought), replaced: 0, kept: 0, deleted: taken.rows };
    const { version } = await commit(context, {
      base,
      operation: "WRITE",
      operationParameters: {
        mode: "Overwrite",
        partitionBy: JSON.stringify(after.partitionColumns),
        ...(where === undefined ? {} : { predicate: JSON.stringify([where]) }),
      },
      metrics: {
        numFiles: files.adds.length,
        numOutputRows: counts.inserted,
        numOutputBytes: files.adds.reduce((sum, { size }) => sum + size, 0),
        numRemovedFiles: taken.replaced.length - taken.marked.length,
        numDeletedRows: counts.deleted,
        ...options.metrics?.(counts),
      },
      reads: taken.reads,
      ...filesOf(files, taken),
      txns,
      metaData,
      signal,
    });
    return commitResult(version, counts, { rows: brought, replaced: taken.replaced });
  });
}

/** Rows in the place of some that are no such rows themselves would be there twice when the same is done again. */
async function checkFitting(
  context: TableContext,
  session: QuerySession,
  { files, where, write }: { readonly files: readonly AddFile[]; readonly where: string; readonly write: WriteOptions },
): Promise<void> {
  const { location: table } = context;
  await withRowsOf(context, session, { files, write }, async (view) => {
    const { columns, rows } = await session.query(`SELECT * FROM ${view} WHERE (${where}\n) IS NOT TRUE LIMIT 1`);
    const [misfit] = rows;
    if (misfit === undefined) return;
    const row = columns.map(({ name }, i) => `${name} = ${shortened(String(misfit[i]))}`).join(", ");
    throw new PinlakeError("CONSTRAINT_VIOLATED", {
      table,
      constraint: "of what it overwrites",
      expression: where,
      row,
    });
  });
}

const shortened = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

type TakenAway = TakenOut & { readonly reads: Reads; readonly rows: number };

function wholeTable({ clock }: TableContext, { files }: LoadedState): TakenAway {
  const nowMs = clock.now();
  const adds = [...files.values()];
  const replaced = adds.map((file) => ({ remove: removeOf(file, { nowMs }), by: undefined }));
  return { replaced, marked: [], reads: { kind: "table" }, rows: storedRows(adds) };
}

/** The metadata of the new version, where it changes. */
async function newMetaData(
  context: TableContext,
  base: LoadedState,
  rows: Rows | RowFiles,
  options: OverwriteOptions,
): Promise<MetaData | undefined> {
  const { schema } = options;
  const evolved = options.mergeSchema && !schema ? await evolvedMetaData(context, base, rows) : undefined;
  const configured = withConfiguration(evolved ?? base.metaData, options) ?? evolved;
  if (schema === undefined || JSON.stringify(schema) === base.metaData.schemaString) return configured;
  const wanted = { ...(configured ?? base.metaData), schemaString: JSON.stringify(schema) };
  return defined(context.location, wanted, base).metaData;
}
