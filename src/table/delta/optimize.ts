import { randomUUID } from "node:crypto";
import type { Commit, OptimizeOptions } from "../table.ts";
import { checkTxns, commit } from "./commit.ts";
import { planCompaction } from "./compaction.ts";
import type { TableContext } from "./context.ts";
import { defineFiles, removeOf } from "./data-files.ts";
import { withNewFiles } from "./new-files.ts";
import { checkWritable } from "./protocol.ts";
import { commitResult, NO_COUNTS, type Replaced, withConfiguration } from "./result.ts";
import { selectColumns } from "./rows.ts";
import { withScratch } from "./scratch.ts";
import { rowsOf } from "./skipping.ts";

const TARGET_BYTES = 128 * 1024 * 1024;

/** Joins small files; undefined when there is nothing to join. Rows stay what they are, so writers need not give way. */
export async function optimize(context: TableContext, options: OptimizeOptions): Promise<Commit | undefined> {
  const {
    session,
    signal,
    targetBytes = TARGET_BYTES,
    targetRows,
    growth,
    maxFiles,
    commitWhen = (now) => now(),
  } = options;
  const base = await context.stateOf(options.basedOn);
  checkWritable(context.location, base.protocol, base.metaData);
  checkTxns(context, base, options.txns ?? []);
  const joinable = [...base.files.values()]
    .filter(({ deletionVector }) => deletionVector == null)
    .map((add) => ({ add, size: add.size, rows: rowsOf(add) }));
  const groups = planCompaction(joinable, { targetBytes, targetRows, growth }).slice(0, maxFiles);
  if (groups.length === 0) return undefined;

  return withNewFiles(context, async (files) => {
    const replaced: Replaced[] = [];
    for (const group of groups.map((planned) => planned.map(({ add }) => add))) {
      const view = `joined_${randomUUID()}`;
      const by = await withScratch(session, { views: [view] }, async () => {
        await defineFiles(context, session, view, { adds: group, schema: base.schema, signal });
        return files.write(session, selectColumns(session, base.schema, session.quote(view)), {
          schema: base.schema,
          configuration: base.metaData.configuration,
          dataChange: false,
          signal,
        });
      });
      const nowMs = context.clock.now();
      for (const file of group) replaced.push({ remove: removeOf(file, { nowMs, dataChange: false }), by });
    }
    const join = async () => {
      const after = await commit(context, {
        base,
        operation: "OPTIMIZE",
        operationParameters: { predicate: "[]", targetBytes: String(targetBytes) },
        metrics: {
          numRemovedFiles: replaced.length,
          numAddedFiles: files.adds.length,
          numRemovedBytes: replaced.reduce((sum, { remove }) => sum + (remove.size ?? 0), 0),
          numAddedBytes: files.adds.reduce((sum, { size }) => sum + size, 0),
          ...options.metrics?.(NO_COUNTS),
        },
        reads: { kind: "rows", files: new Set(), mayHold: () => false },
        onlyMoves: true,
        files,
        removes: replaced.map(({ remove }) => remove),
        txns: options.txns ?? [],
        metaData: withConfiguration(base.metaData, options),
        signal,
      });
      return commitResult(after.version, NO_COUNTS, { replaced });
    };
    return commitWhen(join);
  });
}
