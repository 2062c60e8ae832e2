import type { StructType } from "../../engine/schema.ts";
import type { Commit, CommitOptions, RowFiles, Rows } from "../table.ts";
import { fileKey, type MetaData, type Protocol } from "./actions.ts";
import { checkTxns, commit } from "./commit.ts";
import type { TableContext } from "./context.ts";
import { removeOf } from "./data-files.ts";
import { withNewFiles } from "./new-files.ts";
import { checkSchema, checkWritable, protocolFor } from "./protocol.ts";
import { commitResult, type Replaced, withConfiguration } from "./result.ts";
import { rewrite } from "./rewrite.ts";
import { rowsWhere } from "./rows-where.ts";
import { rowsOf, storedRows } from "./skipping.ts";
import type { LoadedState } from "./state.ts";

export type OverwriteOptions = CommitOptions & { readonly where?: string; readonly schema?: StructType };

/** New rows in the place of all, or of those that fit `where`; the schema may change with them. */
export async function overwrite(
  context: TableContext,
  rows: Rows | RowFiles,
  options: OverwriteOptions,
): Promise<Commit> {
  const { session } = rows;
  const { where, signal, txns = [] } = options;
  const base = await context.stateOf(options.basedOn);
  checkWritable(context.location, base.protocol, base.metaData);
  checkTxns(context, base, txns);
  const { metaData, protocol } = newDefinition(context, base, options);
  const schema = options.schema ?? base.schema;
  const write = { schema, configuration: (metaData ?? base.metaData).configuration, signal };
  const leaving =
    where === undefined
      ? [...base.files.values()].map((file) => ({ file, rows: rowsOf(file) }))
      : await rowsWhere(context, session, { base, where, signal });

  return withNewFiles(context, async (files) => {
    const brought = await files.bring(rows, write);
    const replaced: Replaced[] = [];
    for (const { file, rows } of leaving) {
      const whole = where === undefined || rows === rowsOf(file);
      const by = whole
        ? undefined
        : await rewrite(context, session, files, { files: [file], keep: `NOT ((${where}) IS TRUE)`, write });
      replaced.push({ remove: removeOf(file, { nowMs: context.clock.now() }), by });
    }
    const counts = {
      inserted: storedRows(brought),
      replaced: 0,
      kept: 0,
      deleted: leaving.reduce((sum, { rows = 0 }) => sum + rows, 0),
    };
    const after = await commit(context, {
      base,
      operation: "WRITE",
      operationParameters: {
        mode: "Overwrite",
        partitionBy: "[]",
        ...(where === undefined ? {} : { predicate: JSON.stringify([where]) }),
      },
      metrics: {
        numFiles: files.adds.length,
        numOutputRows: counts.inserted,
        numOutputBytes: files.adds.reduce((sum, { size }) => sum + size, 0),
        numRemovedFiles: replaced.length,
        numDeletedRows: counts.deleted,
        ...options.metrics?.(counts),
      },
      reads:
        where === undefined
          ? { kind: "table" }
          : { kind: "rows", files: new Set([...base.files.values()].map(fileKey)), mayHold: () => true },
      files,
      removes: replaced.map(({ remove }) => remove),
      txns,
      metaData,
      protocol,
      signal,
    });
    return commitResult(after.version, counts, { rows: brought, replaced });
  });
}

/** The metadata and protocol of the new version, where they change. */
function newDefinition(
  { location }: TableContext,
  base: LoadedState,
  options: OverwriteOptions,
): { readonly metaData: MetaData | undefined; readonly protocol: Protocol | undefined } {
  const { schema } = options;
  const configured = withConfiguration(base.metaData, options);
  if (schema === undefined || JSON.stringify(schema) === base.metaData.schemaString)
    return { metaData: configured, protocol: undefined };
  checkSchema(location, schema);
  const needed = protocolFor(schema);
  return {
    metaData: { ...(configured ?? base.metaData), schemaString: JSON.stringify(schema) },
    protocol: needed.minReaderVersion > base.protocol.minReaderVersion ? needed : undefined,
  };
}
