import type { LogFile } from "./names.ts";

/** A checkpoint with all of its files. */
export interface CheckpointFiles {
  readonly version: number;
  /** Relative to the table; more than one for the parts of one. */
  readonly names: readonly string[];
  readonly modifiedAtMs: number;
}

/** The checkpoints in a log that are there whole: of one with several parts, some may not have been written yet. */
export function completeCheckpoints(
  listed: readonly (LogFile & { readonly modifiedAtMs: number })[],
): CheckpointFiles[] {
  const found: CheckpointFiles[] = [];
  const partial = new Map<string, { of: number; version: number; names: string[]; modifiedAtMs: number }>();
  for (const file of listed) {
    if (file.kind !== "checkpoint") continue;
    const { version, name, modifiedAtMs, part } = file;
    if (part === undefined) {
      found.push({ version, names: [name], modifiedAtMs });
      continue;
    }
    const key = `${version} ${part.of}`;
    const parts = partial.get(key) ?? { of: part.of, version, names: [], modifiedAtMs };
    if (part.number >= 1 && part.number <= part.of) parts.names.push(name);
    partial.set(key, parts);
  }
  for (const { of, ...checkpoint } of partial.values()) if (checkpoint.names.length === of) found.push(checkpoint);
  return found;
}
