import { PinlakeError } from "../../../errors.ts";
import type { FsckOptions, FsckReport, MissingFile } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { checkWritable } from "../definition/protocol.ts";
import { removeOf } from "../files/data-files.ts";
import { missingFiles, referencedFiles } from "../files/referenced-files.ts";
import { rowsOf } from "../files/skipping.ts";
import { type AddFile, fileKey } from "../log/actions.ts";
import { commit } from "../log/commit.ts";

/** Active files that are not there, or whose deletion vector is not; a repair takes them out of the table in one commit. */
export async function fsck(context: TableContext, options: FsckOptions): Promise<FsckReport> {
  const { location, clock } = context;
  const { dryRun = true, signal, onProgress } = options;
  const base = await context.stateOf(undefined);
  if (!dryRun) checkWritable(location, base.protocol, base.metaData);
  const named = [...base.files.values()].map((add) => ({ add, ...insideOnly(location, add) }));
  const names = [...new Set(named.flatMap(({ data, vector }) => (vector === undefined ? [data] : [data, vector])))];
  const gone = new Set<string>();
  for (let at = 0; at < names.length; at += STEP) {
    for (const name of await missingFiles(context, names.slice(at, at + STEP), signal)) gone.add(name);
    onProgress?.({ done: Math.min(at + STEP, names.length), total: names.length });
  }
  const broken = named.filter(({ data, vector }) => gone.has(data) || (vector !== undefined && gone.has(vector)));
  const missing = broken.map(
    ({ add, data, vector }): MissingFile => ({
      path: data,
      rows: rowsOf(add),
      dataFileMissing: gone.has(data),
      deletionVectorMissing: vector !== undefined && gone.has(vector) ? vector : undefined,
    }),
  );
  const checked = { version: base.version, checkedFiles: names.length, missing };
  if (dryRun || broken.length === 0) return { ...checked, repairedIn: undefined };
  const nowMs = clock.now();
  const removes = broken.map(({ add }) => removeOf(add, { nowMs }));
  const after = await commit(context, {
    base,
    operation: "FSCK",
    operationParameters: {},
    metrics: { numRemovedFiles: removes.length },
    reads: { kind: "rows", files: new Set(broken.map(({ add }) => fileKey(add))), mayHold: () => false },
    removes,
    signal,
  });
  return { ...checked, repairedIn: after.version };
}

const STEP = 1024;

function insideOnly(location: string, add: AddFile): { readonly data: string; readonly vector: string | undefined } {
  const files = referencedFiles(location, add);
  if (files.data !== undefined && (files.vector !== undefined || !("vector" in files)))
    return { data: files.data, vector: files.vector };
  const feature = `fsck of the file outside the table ${add.path}`;
  throw new PinlakeError("TABLE_UNSUPPORTED", { table: location, feature });
}
