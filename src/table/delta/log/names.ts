/** Names in `_delta_log`, relative to the table. */
export const LOG = "_delta_log/";
export const LAST_CHECKPOINT = `${LOG}_last_checkpoint`;

const padded = (version: number): string => version.toString().padStart(20, "0");

export const commitName = (version: number): string => `${LOG}${padded(version)}.json`;
export const checkpointName = (version: number): string => `${LOG}${padded(version)}.checkpoint.parquet`;

/** Sorts before every name of this version and after all names of the one before. */
export const firstNameOf = (version: number): string => `${LOG}${padded(version)}`;

export const sidecarName = (name: string): string => `${LOG}_sidecars/${name}`;

export type LogFile =
  | { readonly kind: "commit" | "checksum"; readonly version: number }
  /** What the commits from `version` to `to`, which is above it, say together; `name` is relative to the table. */
  | { readonly kind: "compacted"; readonly version: number; readonly to: number; readonly name: string }
  /** One file, or one of several parts; `name` is relative to the table. */
  | { readonly kind: "checkpoint"; readonly version: number; readonly name: string; readonly part?: CheckpointPart };

export interface CheckpointPart {
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

const NAME = /^_delta_log\/([0-9]{20})\.(json|crc|checkpoint\..+|[0-9]{20}\.compacted\.json)$/;
const PART = /^checkpoint\.([0-9]{10})\.([0-9]{10})\.parquet$/;
const WHOLE = /^checkpoint\.(?:[0-9a-fA-F-]{36}\.)?(?:parquet|json)$/;

/** What a name in the log says; undefined for everything that is not ours to read. */
export function parseLogName(name: string): LogFile | undefined {
  const [, digits, rest] = NAME.exec(name) ?? [];
  if (digits === undefined || rest === undefined) return undefined;
  const version = Number(digits);
  if (rest === "json") return { kind: "commit", version };
  if (rest === "crc") return { kind: "checksum", version };
  if (rest.endsWith(".compacted.json") && !rest.startsWith("checkpoint.")) {
    const to = Number(rest.slice(0, 20));
    return to > version ? { kind: "compacted", version, to, name } : undefined;
  }
  if (WHOLE.test(rest) && rest !== "checkpoint.json") return { kind: "checkpoint", version, name };
  const [, number, of] = PART.exec(rest) ?? [];
  if (of === undefined) return undefined;
  return { kind: "checkpoint", version, name, part: { number: Number(number), of: Number(of) } };
}
