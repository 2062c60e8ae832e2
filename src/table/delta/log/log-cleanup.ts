import type { ObjectStore } from "../../../store/object-store.ts";
import type { Protocol } from "./actions.ts";
import type { CommitLog } from "./commit-log.ts";
import { checkpointName, commitName } from "./names.ts";
import { logCutoffMs } from "./retention.ts";
import type { LoadedState } from "./state.ts";

/** Commits looked at per run: a log that was never cleaned is cleaned in steps. */
const MAX_STEPS = 1000;

/** Removes versions of the log that have expired. */
export type LogCleanup = (state: LoadedState, nowMs: number) => Promise<void>;

/**
 * What goes is below the newest checkpoint that is itself expired: every version from there on can still be read, and
 * the newest commit always stays. Costs as much as there is to remove, however long the log.
 */
export function logCleanup({
  store,
  prefix,
  log,
}: {
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly log: CommitLog;
}): LogCleanup {
  /** The oldest commit still there, and how far has been looked for checkpoints. */
  let oldest: number | undefined;

  return async (state, nowMs) => {
    const cutoffMs = logCutoffMs(state.metaData.configuration, nowMs);
    if (cutoffMs === undefined || mayHaveSidecars(state.protocol)) return;
    oldest ??= await oldestCommit(log);
    if (oldest === undefined) return;
    let keep: number | undefined;
    for (let version = oldest; version < state.version && version < oldest + MAX_STEPS; version++) {
      const commit = await log.head(version);
      if (commit === undefined) {
        // Somebody else cleans up, or the table was made anew.
        oldest = undefined;
        return;
      }
      if (commit.modifiedAtMs >= cutoffMs) break;
      if ((await store.head(prefix + checkpointName(version))) !== undefined) keep = version;
    }
    if (keep === undefined) return;
    for await (const file of log.list()) {
      if (file.version >= keep) break;
      if (file.kind === "compacted") await store.delete(prefix + file.name);
    }
    for (let version = oldest; version < keep; version++) {
      await store.delete(prefix + checkpointName(version));
      await store.delete(prefix + commitName(version));
    }
    oldest = keep;
  };
}

/** Files that several checkpoints share: which of them may go is for the writer of these checkpoints to find out. */
const mayHaveSidecars = ({ writerFeatures }: Protocol): boolean => writerFeatures?.includes("v2Checkpoint") === true;

async function oldestCommit(log: CommitLog): Promise<number | undefined> {
  for await (const file of log.list()) if (file.kind === "commit") return file.version;
  return undefined;
}
