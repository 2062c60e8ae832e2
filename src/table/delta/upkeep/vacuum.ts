import { basename } from "node:path";
import { PinlakeError } from "../../../errors.ts";
import type { VacuumOptions } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { checkWritable } from "../definition/protocol.ts";
import { uncommitted } from "../files/data-files.ts";
import { missingFiles, referencedFiles } from "../files/referenced-files.ts";
import { type AddFile, decodePath } from "../log/actions.ts";
import { deletedFileRetentionMs } from "../log/retention.ts";
import type { LoadedState } from "../log/state.ts";

/**
 * Removes files that no version within the retention needs: not in the newest version, not removed from it within the
 * retention, and not written within it either (a writer may be about to commit them). Those that this process is about to
 * commit stay at any age.
 */
export async function vacuum(context: TableContext, options: VacuumOptions): Promise<readonly string[]> {
  const { store, prefix, clock, location } = context;
  const { dryRun = false, force = false, mode = "full", signal } = options;
  const first = await writableState(context);
  const promisedMs = deletedFileRetentionMs(first.metaData.configuration);
  const { retentionMs = promisedMs } = options;
  if (retentionMs < promisedMs && !force)
    throw new PinlakeError("USAGE", {
      message: `${location} keeps removed files for ${promisedMs / 3_600_000} hours (delta.deletedFileRetentionDuration); vacuum with ${retentionMs / 3_600_000} hours needs force (--force): it ends older versions and running readers.`,
    });
  const cutoffMs = clock.now() - retentionMs;
  const candidates =
    mode === "lite" ? await removedBefore(context, first, cutoffMs) : await oldFiles(context, first, cutoffMs);
  // Looked at after the listing, and in this order: whatever was committed meanwhile is known.
  const needed = new Set(uncommitted);
  const elsewhere = new Set<string>();
  const state = await writableState(context);
  const need = (file: Pick<AddFile, "path" | "deletionVector">) => {
    const { data, vector } = referencedFiles(location, file);
    // As it stands, too: not every writer encodes.
    for (const name of [file.path, data, vector]) if (name !== undefined) needed.add(name);
    // By an absolute path, which may lead here over a link.
    if (data === undefined) elsewhere.add(basename(decodePath(file.path)));
    if (file.deletionVector?.storageType === "p")
      elsewhere.add(basename(decodePath(file.deletionVector.pathOrInlineDv)));
  };
  for (const add of state.files.values()) need(add);
  for (const remove of state.tombstones.values())
    if ((remove.deletionTimestamp ?? Number.POSITIVE_INFINITY) >= cutoffMs) need(remove);
  const unneeded = candidates.filter((path) => !needed.has(path) && !elsewhere.has(basename(path)));
  if (!dryRun)
    for (const [i, path] of unneeded.entries()) {
      signal?.throwIfAborted();
      await store.delete(prefix + path);
      options.onProgress?.({ done: i + 1, total: unneeded.length });
    }
  return unneeded;
}

/** What a writer must be able to do, the one who deletes must as well (feature vacuumProtocolCheck). */
async function writableState(context: TableContext): Promise<LoadedState> {
  const state = await context.stateOf(undefined);
  checkWritable(context.location, state.protocol, state.metaData);
  return state;
}

/** Every file in the table's folder that was last written before the cutoff, but for the log and what is hidden. */
async function oldFiles({ store, prefix }: TableContext, { metaData }: LoadedState, cutoffMs: number) {
  const isHidden = (path: string) => {
    const parts = path.split("/");
    return parts.some((part, i) => {
      if (!/^[._]/.test(part)) return false;
      if (i === parts.length - 1) return true;
      // Change data is needed as long as versions are; a partition column's name may begin so.
      return part !== "_change_data" && !metaData.partitionColumns.some((column) => part.startsWith(`${column}=`));
    });
  };
  const old: string[] = [];
  for await (const { key, modifiedAtMs } of store.list(prefix)) {
    const path = key.slice(prefix.length);
    if (modifiedAtMs < cutoffMs && !isHidden(path)) old.push(path);
  }
  return old;
}

/** Files that the log's commits removed before the cutoff and that are still there: found without listing the folder. */
async function removedBefore(context: TableContext, state: LoadedState, cutoffMs: number): Promise<string[]> {
  const { location, log } = context;
  const names = new Set<string>();
  for (let version = state.version; version >= 0; version--) {
    const commit = await log.read(version);
    if (commit === undefined) break;
    for (const remove of commit.actions.removes) {
      if ((remove.deletionTimestamp ?? Number.POSITIVE_INFINITY) >= cutoffMs) continue;
      const { data, vector } = referencedFiles(location, remove);
      for (const name of [data, vector]) if (name !== undefined) names.add(name);
    }
  }
  const missing = await missingFiles(context, [...names]);
  return [...names].filter((name) => !missing.has(name)).sort();
}
