import { isPinlakeError, PinlakeError } from "../../errors.ts";
import type { CommitActions } from "./actions.ts";
import type { Checkpoints } from "./checkpoint.ts";
import type { CommitLog, ListedLogFile } from "./commit-log.ts";
import { checkpointName, commitName } from "./names.ts";
import { applyCommit, type CommitAt, EMPTY_STATE, type LoadedState, loadedState, type TableState } from "./state.ts";

export interface LogReader {
  readonly log: CommitLog;
  readonly checkpoints: Checkpoints;
}

/** Commit files read at the same time. */
const READ_AHEAD = 32;

/**
 * A version of the table from nothing: its newest checkpoint at or below it, then every commit after that. Default: the
 * newest version. undefined when there is no table, or it does not have that version (any more).
 * Throws TABLE_CORRUPT, naming the file; a gap is an error and never skipped.
 */
export async function loadState(reader: LogReader, version?: number): Promise<LoadedState | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await loadOnce(reader, version);
    } catch (error) {
      // Expired files may go while we read; what is left is listed anew.
      if (attempt === 3 || !isPinlakeError(error, "TABLE_CORRUPT")) throw error;
    }
  }
}

async function loadOnce({ log, checkpoints }: LogReader, version?: number): Promise<LoadedState | undefined> {
  const listed = await listFromCheckpoint({ log, checkpoints }, version);
  const commits = listed.filter(({ kind }) => kind === "commit");
  const newest = version ?? Math.max(-1, ...listed.filter(({ kind }) => kind !== "checksum").map((f) => f.version));
  if (newest < 0 || !listed.some((file) => file.version >= newest)) return undefined;

  const start = await newestReadable({ log, checkpoints }, listed, newest);
  const firstMissing = start.state.version + 1;
  if (start.state.version < 0 && commits[0]?.version !== 0) {
    if (listed.some(({ kind }) => kind === "otherCheckpoint"))
      throw new PinlakeError("TABLE_UNSUPPORTED", {
        table: log.location,
        feature: "a checkpoint of several parts or v2",
      });
    // The versions before the oldest checkpoint are gone for good.
    if (start.failure === undefined && listed.some((f) => f.kind === "checkpoint" && f.version > newest))
      return undefined;
    throw start.failure ?? missing(log, 0);
  }
  let state = start.state;
  for (let from = firstMissing; from <= newest; from += READ_AHEAD) {
    const versions = Array.from({ length: Math.min(READ_AHEAD, newest - from + 1) }, (_, i) => from + i);
    for (const [i, commit] of (await Promise.all(versions.map((v) => log.read(v)))).entries()) {
      if (commit === undefined) throw start.failure ?? missing(log, from + i);
      state = applied(log, state, commit.actions, commit);
    }
  }
  return loadedState(state, { table: log.location, file: commitName(newest) });
}

/** Like applyCommit, but what cannot be understood is TABLE_CORRUPT. */
export function applied(log: CommitLog, state: TableState, actions: CommitActions, at: CommitAt): TableState {
  try {
    return applyCommit(state, actions, at);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PinlakeError("TABLE_CORRUPT", { table: log.location, file: commitName(at.version), reason }, { cause });
  }
}

const missing = (log: CommitLog, version: number) =>
  new PinlakeError("TABLE_CORRUPT", {
    table: log.location,
    file: commitName(version),
    reason: "it is missing, and what comes after it cannot be understood without it",
  });

/** The hint is only a hint: when what it names is not there, the whole log is listed. */
async function listFromCheckpoint({ log, checkpoints }: LogReader, version?: number): Promise<ListedLogFile[]> {
  const hint = await checkpoints.hint();
  if (hint !== undefined && (version === undefined || hint <= version)) {
    const listed = await Array.fromAsync(log.list(hint));
    if (listed.some((file) => file.kind === "checkpoint" && file.version === hint)) return listed;
  }
  return Array.fromAsync(log.list());
}

interface Start {
  readonly state: TableState;
  /** Why a newer checkpoint could not be used. */
  readonly failure: unknown;
}

async function newestReadable(
  { log, checkpoints }: LogReader,
  listed: readonly ListedLogFile[],
  newest: number,
): Promise<Start> {
  const usable = listed.filter((file) => file.kind === "checkpoint" && file.version <= newest);
  let failure: unknown;
  for (const { version, modifiedAtMs } of usable.toSorted((a, b) => b.version - a.version)) {
    try {
      const actions = await checkpoints.read(version);
      const file = checkpointName(version);
      const commit = listed.find((other) => other.kind === "commit" && other.version === version);
      const at = { version, modifiedAtMs: commit?.modifiedAtMs ?? modifiedAtMs };
      return { state: loadedState(applied(log, EMPTY_STATE, actions, at), { table: log.location, file }), failure };
    } catch (error) {
      if (!isPinlakeError(error, "TABLE_CORRUPT") && !isPinlakeError(error, "OBJECT_NOT_FOUND")) throw error;
      failure ??= error;
    }
  }
  return { state: EMPTY_STATE, failure };
}
