import { PinlakeError } from "../../../errors.ts";
import type { HistoryEntry } from "../../table.ts";
import type { CommitLog, StoredCommit } from "./commit-log.ts";
import { commitsSayTimes, saysTimesFrom } from "./commit-times.ts";
import { commitName } from "./names.ts";
import type { LoadedState } from "./state.ts";

/** From the newest version down to the oldest whose commit is still in the log. */
export async function* history(
  log: CommitLog,
  newest: number,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<HistoryEntry> {
  for (let version = newest; version >= 0 && newest - version < limit; version--) {
    const commit = await log.read(version);
    if (commit === undefined) return;
    yield entry(commit);
  }
}

function entry({ version, modifiedAtMs, actions }: StoredCommit): HistoryEntry {
  const { commitInfo = {} } = actions;
  return {
    version,
    timestampMs: commitInfo.inCommitTimestamp ?? commitInfo.timestamp ?? modifiedAtMs,
    operation: commitInfo.operation ?? "",
    operationParameters: commitInfo.operationParameters ?? {},
    operationMetrics: commitInfo.operationMetrics ?? {},
    ...(commitInfo.engineInfo === undefined ? {} : { engineInfo: commitInfo.engineInfo }),
  };
}

/**
 * The newest version committed at or before a time; undefined when there was none. Commit times are those of the files,
 * made to rise, or from where the table says so those in the commits. Throws TABLE_CORRUPT where one of these is missing.
 */
export async function versionAt(
  log: CommitLog,
  timestampMs: number,
  { version, metaData: { configuration } }: LoadedState,
): Promise<number | undefined> {
  if (!commitsSayTimes(configuration)) return versionByFiles(log, timestampMs, Number.POSITIVE_INFINITY);
  const from = saysTimesFrom(configuration);
  return (await versionByCommits(log, timestampMs, { from, to: version })) ?? versionByFiles(log, timestampMs, from);
}

async function versionByFiles(log: CommitLog, timestampMs: number, below: number): Promise<number | undefined> {
  let found: number | undefined;
  let last = Number.NEGATIVE_INFINITY;
  for await (const { kind, version, modifiedAtMs } of log.list()) {
    if (kind !== "commit") continue;
    if (version >= below) break;
    last = Math.max(modifiedAtMs, last + 1);
    if (last > timestampMs) break;
    found = version;
  }
  return found;
}

/** Halves the versions: their times rise. Those no longer in the log are older than all that are. */
async function versionByCommits(
  log: CommitLog,
  timestampMs: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number | undefined> {
  let found: number | undefined;
  let [low, high] = [from, to];
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const commit = await log.read(middle);
    const committedMs = commit === undefined ? Number.NEGATIVE_INFINITY : commit.actions.commitInfo?.inCommitTimestamp;
    if (committedMs === undefined) {
      const reason = "it has no inCommitTimestamp";
      throw new PinlakeError("TABLE_CORRUPT", { table: log.location, file: commitName(middle), reason });
    }
    if (committedMs <= timestampMs) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}
