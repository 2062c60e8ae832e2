import { isPinlakeError, PinlakeError } from "../../errors.ts";
import type { CommitActions } from "./actions.ts";
import type { Checkpoints } from "./checkpoint.ts";
import { completeCheckpoints } from "./checkpoint-files.ts";
import type { CommitLog, ListedLogFile } from "./commit-log.ts";
import { commitName } from "./names.ts";
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
  // The hint file is only a hint: when it leads nowhere, the whole log is listed. That is tried twice, because expired
  // files may go while we read.
  const hint = await reader.checkpoints.hint();
  if (hint !== undefined && (version === undefined || hint <= version)) {
    const listed = await Array.fromAsync(reader.log.list(hint));
    if (completeCheckpoints(listed).some((checkpoint) => checkpoint.version === hint))
      try {
        const state = await replay(reader, listed, version);
        if (state !== undefined) return state;
      } catch (error) {
        if (!isPinlakeError(error, "TABLE_CORRUPT")) throw error;
      }
  }
  try {
    return await replay(reader, await Array.fromAsync(reader.log.list()), version);
  } catch (error) {
    if (!isPinlakeError(error, "TABLE_CORRUPT")) throw error;
    return replay(reader, await Array.fromAsync(reader.log.list()), version);
  }
}

async function replay(
  reader: LogReader,
  listed: readonly ListedLogFile[],
  version: number | undefined,
): Promise<LoadedState | undefined> {
  const { log } = reader;
  const usable = [...listed.filter(({ kind }) => kind === "commit"), ...completeCheckpoints(listed)];
  const last = usable.reduce((max, file) => Math.max(max, file.version), -1);
  const newest = version ?? last;
  if (newest < 0 || last < newest) return undefined;

  const start = await newestReadable(reader, listed, newest);
  if (start.state.version < 0 && !listed.some(({ kind, version }) => kind === "commit" && version === 0)) {
    if (start.failure !== undefined) throw start.failure;
    // What comes before the oldest checkpoint is gone for good.
    if (listed.some((file) => file.kind === "checkpoint" && file.version > newest)) return undefined;
    throw missing(log, 0);
  }
  let state = start.state;
  const commits = new Map(listed.filter(({ kind }) => kind === "commit").map((file) => [file.version, file]));
  for (let after = state.version + 1; after <= newest; after++)
    if (!commits.has(after)) throw start.failure ?? missing(log, after);
  for (let from = state.version + 1; from <= newest; from += READ_AHEAD) {
    const versions = Array.from({ length: Math.min(READ_AHEAD, newest - from + 1) }, (_, i) => from + i);
    for (const [i, commit] of (await Promise.all(versions.map((v) => log.read(v, commits.get(v))))).entries()) {
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
  const usable = completeCheckpoints(listed).filter(({ version }) => version <= newest);
  let failure: unknown;
  for (const { version, modifiedAtMs, names } of usable.toSorted((a, b) => b.version - a.version)) {
    try {
      const actions = await checkpoints.read(names);
      const [file = ""] = names;
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
