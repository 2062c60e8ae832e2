import type { HistoryEntry } from "../table.ts";
import type { CommitLog, StoredCommit } from "./commit-log.ts";

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
    timestampMs: commitInfo.timestamp ?? modifiedAtMs,
    operation: commitInfo.operation ?? "",
    operationParameters: commitInfo.operationParameters ?? {},
    operationMetrics: commitInfo.operationMetrics ?? {},
    ...(commitInfo.engineInfo === undefined ? {} : { engineInfo: commitInfo.engineInfo }),
  };
}

/** The newest version committed at or before a time; undefined when there was none. Commit times are made to rise. */
export async function versionAt(log: CommitLog, timestampMs: number): Promise<number | undefined> {
  let found: number | undefined;
  let last = Number.NEGATIVE_INFINITY;
  for await (const { kind, version, modifiedAtMs } of log.list()) {
    if (kind !== "commit") continue;
    last = Math.max(modifiedAtMs, last + 1);
    if (last > timestampMs) break;
    found = version;
  }
  return found;
}
