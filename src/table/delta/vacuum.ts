import { PinlakeError } from "../../errors.ts";
import { decodePath } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { uncommitted } from "./data-files.ts";
import { checkWritable } from "./protocol.ts";
import { deletedFileRetentionMs } from "./retention.ts";

export interface VacuumOptions {
  readonly retentionMs?: number;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/**
 * Removes files that no version within the retention needs: not in the newest version, not removed from it within the
 * retention, and not written within it either (a writer may be about to commit them). Those that this process is about to
 * commit stay at any age.
 */
export async function vacuum(context: TableContext, options: VacuumOptions): Promise<readonly string[]> {
  const { store, prefix, clock, location } = context;
  const { dryRun = false, force = false } = options;
  const first = await context.stateOf(undefined);
  checkWritable(location, first.protocol, first.metaData);
  const promisedMs = deletedFileRetentionMs(first.metaData.configuration);
  const { retentionMs = promisedMs } = options;
  if (retentionMs < promisedMs && !force)
    throw new PinlakeError("USAGE", {
      message: `${location} keeps removed files for ${promisedMs / 3_600_000} hours (delta.deletedFileRetentionDuration); vacuum with ${retentionMs / 3_600_000} hours needs force (--force): it ends older versions and running readers.`,
    });
  const cutoffMs = clock.now() - retentionMs;
  const old: string[] = [];
  for await (const { key, modifiedAtMs } of store.list(prefix)) {
    const path = key.slice(prefix.length);
    if (modifiedAtMs < cutoffMs && !path.split("/").some((part) => /^[._]/.test(part))) old.push(path);
  }
  // Looked at after the listing, and in this order: whatever was committed meanwhile is known.
  const needed = new Set(uncommitted);
  const state = await context.stateOf(undefined);
  for (const { path } of state.files.values()) needed.add(decodePath(path));
  for (const { path, deletionTimestamp } of state.tombstones.values())
    if ((deletionTimestamp ?? Number.POSITIVE_INFINITY) >= cutoffMs) needed.add(decodePath(path));
  const unneeded = old.filter((path) => !needed.has(path));
  if (!dryRun) for (const path of unneeded) await store.delete(prefix + path);
  return unneeded;
}
