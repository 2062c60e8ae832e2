/** Names in `_delta_log`, relative to the table. */
export const LOG = "_delta_log/";
export const LAST_CHECKPOINT = `${LOG}_last_checkpoint`;

const padded = (version: number): string => version.toString().padStart(20, "0");

export const commitName = (version: number): string => `${LOG}${padded(version)}.json`;
export const checkpointName = (version: number): string => `${LOG}${padded(version)}.checkpoint.parquet`;

/** Sorts before every name of this version and after all names of the one before. */
export const firstNameOf = (version: number): string => `${LOG}${padded(version)}`;

export type LogFile =
  | { readonly kind: "commit" | "checkpoint" | "checksum"; readonly version: number }
  /** A checkpoint in a form that we do not read: several parts, or v2. */
  | { readonly kind: "otherCheckpoint"; readonly version: number };

const NAME = /^_delta_log\/([0-9]{20})\.(json|crc|checkpoint\.parquet|checkpoint\..+)$/;

/** What a name in the log says; undefined for everything that is not ours to read. */
export function parseLogName(name: string): LogFile | undefined {
  const [, digits, rest] = NAME.exec(name) ?? [];
  if (digits === undefined || rest === undefined) return undefined;
  const version = Number(digits);
  if (rest === "json") return { kind: "commit", version };
  if (rest === "crc") return { kind: "checksum", version };
  return { kind: rest === "checkpoint.parquet" ? "checkpoint" : "otherCheckpoint", version };
}
