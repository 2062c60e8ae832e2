import type { CommitActions, MetaData } from "./actions.ts";

type Configuration = MetaData["configuration"];

const ENABLED = "delta.enableInCommitTimestamps";
const FROM_VERSION = "delta.inCommitTimestampEnablementVersion";
const FROM_TIME = "delta.inCommitTimestampEnablementTimestamp";

/** Whether a table's commits say themselves when they were made (Delta protocol, "In-Commit Timestamps"). */
export const commitsSayTimes = (configuration: Configuration | undefined): boolean =>
  configuration?.[ENABLED]?.toLowerCase() === "true";

/** The first version whose commit says so. */
export const saysTimesFrom = (configuration: Configuration): number => Number(configuration[FROM_VERSION] ?? 0);

/** What a commit is to follow. */
interface Before {
  readonly version: number;
  readonly timestampMs: number;
  readonly metaData: Pick<MetaData, "configuration">;
}

/**
 * A commit with its time, in tables whose commits say it: later than that of the version before, whatever the clock says.
 * So it holds for this attempt alone, and so does since when the table's commits say theirs.
 */
export function timed(actions: CommitActions, before: Before | undefined, nowMs: number): CommitActions {
  const { metaData, commitInfo } = actions;
  const on = commitsSayTimes((metaData ?? before?.metaData)?.configuration);
  const inCommitTimestamp = before === undefined ? nowMs : Math.max(nowMs, before.timestampMs + 1);
  return {
    ...actions,
    ...(metaData && { metaData: since(metaData, before, on ? inCommitTimestamp : undefined) }),
    ...(on && { commitInfo: { inCommitTimestamp, ...commitInfo } }),
  };
}

/** What it says of that follows from what was, however the rest of it came about (a version restored). */
function since(metaData: MetaData, before: Before | undefined, atMs: number | undefined): MetaData {
  const { [FROM_VERSION]: _version, [FROM_TIME]: _time, ...configuration } = metaData.configuration;
  if (atMs === undefined || before === undefined) return { ...metaData, configuration };
  const was = before.metaData.configuration;
  const entries = commitsSayTimes(was)
    ? Object.entries(was).filter(([name]) => name === FROM_VERSION || name === FROM_TIME)
    : [
        [FROM_VERSION, String(before.version + 1)],
        [FROM_TIME, String(atMs)],
      ];
  return { ...metaData, configuration: { ...configuration, ...Object.fromEntries(entries) } };
}
