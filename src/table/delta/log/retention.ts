const UNIT_MS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};
const DAY_MS = 86_400_000;

/** `interval 30 days` in ms; undefined for what is no such interval. */
export function intervalMs(text: string | undefined): number | undefined {
  const words = (text ?? "").trim().toLowerCase().split(/\s+/);
  if (words[0] === "interval") words.shift();
  if (words.length === 0 || words.length % 2 !== 0) return undefined;
  let ms = 0;
  for (let i = 0; i < words.length; i += 2) {
    const unit = UNIT_MS[(words[i + 1] ?? "").replace(/s$/, "")];
    const count = Number(words[i]);
    if (unit === undefined || !Number.isFinite(count) || count < 0) return undefined;
    ms += count * unit;
  }
  return ms;
}

type Configuration = Readonly<Record<string, string>>;

/** How long a removed file stays, for readers of older versions. */
export const deletedFileRetentionMs = (configuration: Configuration): number =>
  intervalMs(configuration["delta.deletedFileRetentionDuration"]) ?? 7 * DAY_MS;

/** Commits older than this may go; undefined when the log is to be kept whole. A day or more counts whole days (UTC). */
export function logCutoffMs(configuration: Configuration, nowMs: number): number | undefined {
  if ((configuration["delta.enableExpiredLogCleanup"] ?? "true").toLowerCase() !== "true") return undefined;
  const retentionMs = intervalMs(configuration["delta.logRetentionDuration"]) ?? 30 * DAY_MS;
  const cutoffMs = nowMs - retentionMs;
  return retentionMs < DAY_MS ? cutoffMs : Math.floor(cutoffMs / DAY_MS) * DAY_MS;
}

const CHECKPOINT_INTERVAL = 10;

export function isCheckpointDue(configuration: Configuration, version: number): boolean {
  if (foreignCheckpoints(configuration) !== undefined) return false;
  const interval = Number(configuration["delta.checkpointInterval"] ?? CHECKPOINT_INTERVAL);
  return version > 0 && version % (Number.isInteger(interval) && interval > 0 ? interval : CHECKPOINT_INTERVAL) === 0;
}

/** The property, if a table has one, by which its checkpoints hold stats in another form than ours do: others make them. */
export function foreignCheckpoints(configuration: Configuration): string | undefined {
  const is = (name: string, value: string) => configuration[name]?.toLowerCase() === value;
  if (is("delta.checkpoint.writeStatsAsStruct", "true")) return "delta.checkpoint.writeStatsAsStruct";
  return is("delta.checkpoint.writeStatsAsJson", "false") ? "delta.checkpoint.writeStatsAsJson" : undefined;
}
