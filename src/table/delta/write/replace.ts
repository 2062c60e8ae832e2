import { PinlakeError } from "../../../errors.ts";
import type { Commit, ReplaceOptions, RowFiles } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { keepsChanges, writeReplaced } from "../files/change-data.ts";
import { withNewFiles } from "../files/new-files.ts";
import type { FileRows } from "../files/rewrite.ts";
import { storedRows } from "../files/skipping.ts";
import { takeOut } from "../files/take-out.ts";
import { decodePath, fileKey } from "../log/actions.ts";
import { begin, checkMayRemove, commit } from "../log/commit.ts";
import type { LoadedState } from "../log/state.ts";
import { commitResult, filesOf, mergeMetrics, withConfiguration } from "./result.ts";

/** The caller has decided by what the table was: rows that anybody adds meanwhile are a conflict, whatever they are. */
export async function replace(context: TableContext, rows: RowFiles, options: ReplaceOptions): Promise<Commit> {
  const { session } = rows;
  const { signal, txns = [] } = options;
  const base = await begin(context, options);
  const { schema, metaData } = base;
  const leaving = rowsNamed(context, base, options.leaving);
  if (leaving.length > 0) checkMayRemove(context, metaData);
  const write = { schema, metaData, signal };

  return withNewFiles(context, async (written) => {
    const brought = await written.bring(rows, write);
    const taken = await takeOut(context, session, written, { base, leaving, write });
    if (keepsChanges(base) && leaving.length > 0)
      await writeReplaced(context, session, written, { leaving, brought, write });
    const [stored, gone] = [storedRows(brought), leaving.reduce((sum, { rows: { length } }) => sum + length, 0)];
    const counts = { inserted: stored - gone, replaced: gone, kept: 0, deleted: 0 };
    const after = await commit(context, {
      base,
      operation: "MERGE",
      metrics: {
        ...mergeMetrics(written, taken, { counts, source: stored, stored }),
        ...options.metrics?.(counts),
      },
      reads: { kind: "rows", files: new Set(leaving.map(({ file }) => fileKey(file))), mayHold: () => true },
      ...filesOf(written, taken),
      txns,
      metaData: withConfiguration(metaData, options),
      signal,
    });
    return commitResult(after.version, counts, { ...taken, rows: brought });
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
