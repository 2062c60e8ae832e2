import type { Compression } from "./compression.ts";

/**
 * Names of objects (Kafka Connect's S3 sink): `topics/<topic>/partition=<p>/<topic>+<p>+<start offset>.json`, and
 * `streams/<stream>/shard=<n>/<stream>+<n>+<start offset>.json`; `.json.gz` and `.json.zst` where the body is packed.
 * Line i of an object is offset start + i, always.
 */
export interface ObjectPartition {
  readonly kind: "topic" | "stream";
  /** The topic's or stream's own name. */
  readonly name: string;
  readonly partition: number;
}

export interface ObjectName extends ObjectPartition {
  readonly startOffset: bigint;
  /** `json`: NDJSON lines. `bin`: the bytes of the one record at `startOffset`, which is no JSON text. */
  readonly format: "json" | "bin";
  /** How the lines are packed; absent where they are not, as `bin` never is. */
  readonly compression?: Compression;
}

const SUFFIXES: Readonly<Record<Compression, string>> = { gzip: ".gz", zstd: ".zst" };

const OFFSET_DIGITS = 10;

/** A file system takes 255 bytes a name: the file of a longer one carries its beginning; the folder has it whole. */
const MAX_NAME_IN_FILE = 220;

const filePrefix = (name: string, partition: number | string): string =>
  `${name.slice(0, MAX_NAME_IN_FILE)}+${partition}+`;

export function partitionPrefix(of: ObjectPartition): string {
  return of.kind === "topic"
    ? `topics/${of.name}/partition=${of.partition}/`
    : `streams/${of.name}/shard=${of.partition}/`;
}

export function objectKey(of: ObjectName): string {
  const offset = of.startOffset.toString().padStart(OFFSET_DIGITS, "0");
  return `${partitionPrefix(of)}${filePrefix(of.name, of.partition)}${offset}.${of.format}${of.compression === undefined ? "" : SUFFIXES[of.compression]}`;
}

const KEY =
  /^(?:topics\/(?<topic>[^/]+)\/partition|streams\/(?<stream>[^/]+)\/shard)=(?<partition>0|[1-9][0-9]*)\/(?<file>[^/]+)[.](?:(?<format>json|bin)|json[.](?<suffix>gz|zst))$/;

/** The name behind a key; undefined for keys that the sink does not write. */
export function parseObjectKey(key: string): ObjectName | undefined {
  const groups = KEY.exec(key)?.groups;
  if (groups === undefined) return undefined;
  const name = groups.topic ?? groups.stream ?? "";
  const prefix = filePrefix(name, groups.partition ?? "");
  const digits = groups.file?.startsWith(prefix) ? groups.file.slice(prefix.length) : "";
  if (!/^[0-9]{10,19}$/.test(digits)) return undefined;
  return {
    kind: groups.topic === undefined ? "stream" : "topic",
    name,
    partition: Number(groups.partition),
    startOffset: BigInt(digits),
    format: groups.format === "bin" ? "bin" : "json",
    ...(groups.suffix !== undefined && { compression: groups.suffix === "gz" ? "gzip" : "zstd" }),
  };
}
