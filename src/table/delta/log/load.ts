import { isPinlakeError, PinlakeError } from "../../../errors.ts";
import type { Checkpoints } from "./checkpoint.ts";
import { completeCheckpoints } from "./checkpoint-files.ts";
import type { CommitLog, ListedLogFile } from "./commit-log.ts";
import { commitsSayTimes } from "./commit-times.ts";
import { commitsAfter } from "./log-pieces.ts";
import { commitName } from "./names.ts";
import {
  applyCommits,
  type CommitToApply,
  EMPTY_STATE,
  type LoadedState,
  loadedState,
  type TableState,
} from "./state.ts";

export interface LogReader {
  readonly log: CommitLog;
  readonly checkpoints: Checkpoints;
}

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
  const commits = new Set(listed.filter(({ kind }) => kind === "commit").map((file) => file.version));
  const gone = (version: number) => start.failure ?? missing(log, version);
  for (let after = state.version + 1; after <= newest; after++) if (!commits.has(after)) throw gone(after);
  let pending: CommitToApply[] = [];
  let actions = 0;
  for await (const commit of commitsAfter(log, listed, { after: state.version, newest, missing: gone })) {
    pending.push(commit);
    actions += commit.actions.adds.length + commit.actions.removes.length;
    if (actions < APPLIED_AT_ONCE) continue;
    state = applied(log, state, pending);
    [pending, actions] = [[], 0];
  }
  state = applied(log, state, pending);
  return loadedState(state, { table: log.location, file: commitName(newest) });
}

/** So many actions are held before they are applied together. */
const APPLIED_AT_ONCE = 500_000;

/** Like applyCommits, but what cannot be understood is TABLE_CORRUPT. */
export function applied(log: CommitLog, state: TableState, commits: readonly CommitToApply[]): TableState {
  try {
    return applyCommits(state, commits);
  } catch {
    // Whose fault it is shows when they are applied one by one.
    return commits.reduce((before, commit) => appliedAlone(log, before, commit), state);
  }
}

function appliedAlone(log: CommitLog, state: TableState, commit: CommitToApply): TableState {
  try {
    return applyCommits(state, [commit]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const file = commitName(commit.version);
    throw new PinlakeError("TABLE_CORRUPT", { table: log.location, file, reason }, { cause });
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
      const checkpoint = await checkpoints.read(names);
      const [file = ""] = names;
      const commit = listed.find((other) => other.kind === "commit" && other.version === version);
      // When it was committed a checkpoint does not say.
      const commitInfo = commitsSayTimes(checkpoint.metaData?.configuration)
        ? (await log.read(version, commit))?.actions.commitInfo
        : undefined;
      const actions = commitInfo === undefined ? checkpoint : { ...checkpoint, commitInfo };
      const whole = { version, modifiedAtMs: commit?.modifiedAtMs ?? modifiedAtMs, actions };
      return { state: loadedState(applied(log, EMPTY_STATE, [whole]), { table: log.location, file }), failure };
    } catch (error) {
      if (!isPinlakeError(error, "TABLE_CORRUPT") && !isPinlakeError(error, "OBJECT_NOT_FOUND")) throw error;
      failure ??= error;
    }
  }
  return { state: EMPTY_STATE, failure };
}
