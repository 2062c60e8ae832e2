import { join } from "node:path";
import { type Clock, systemClock } from "../../clock.ts";
import { storageError } from "../../storage-error.ts";
import { type LocalLog, localLog } from "../local-log.ts";
import type { TopicEntry } from "../record-storage.ts";
import { type Files, makeFolder, nodeFiles } from "./files.ts";
import { sqliteGroupOffsets } from "./group-offsets.ts";
import { recover } from "./recover.ts";
import { noWriter, segmentWriter } from "./segment-writer.ts";
import { segmentStorage } from "./storage.ts";

export interface EmbeddedLogOptions {
  /** Holds the segments. Made if absent; its caller sees to it that no other process writes there. */
  readonly folder: string;
  /** The SQLite file that keeps group offsets. Default: `groups.db` in the folder. */
  readonly stateFile?: string;
  /** A segment that has grown to this is sealed. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Default 1 MiB. */
  readonly maxRecordBytes?: number;
  /** -1 (the default) keeps everything. */
  readonly retentionMs?: number;
  /** -1 (the default) is no limit. */
  readonly retentionBytes?: number;
  /** Reads beside a process that writes: shows what was there when it was opened, and changes nothing. Default false. */
  readonly readOnly?: boolean;
  readonly clock?: Clock;
  readonly files?: Files;
}

const MAX_FRAME_BYTES = 8 * 1024 * 1024;
const RETENTION_CHECK_MS = 60_000;

/** Opens the log of a folder. Throws LOG_CORRUPT, STORAGE_FULL, STORAGE_FAILED. */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<LocalLog> {
  const { folder } = options;
  try {
    if (!options.readOnly) makeFolder(options.files ?? nodeFiles, folder);
    return await open(options);
  } catch (error) {
    throw storageError(error, folder);
  }
}

async function open(options: EmbeddedLogOptions): Promise<LocalLog> {
  const { folder, clock = systemClock, files = nodeFiles, retentionMs = -1, retentionBytes = -1 } = options;
  const { readOnly = false } = options;
  const recovered = await recover({ files, folder, readOnly });
  const topics = new Map<string, TopicEntry>(recovered.topics.map((entry) => [entry.state.topic, entry]));
  const writer = readOnly
    ? noWriter(folder, recovered.segments)
    : await segmentWriter({
        files,
        folder,
        segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
        maxAgeMs: retentionMs,
        topics: () => topics.values(),
        segments: recovered.segments,
        nextSequence: recovered.nextSequence,
        nowMs: clock.now(),
      });
  return localLog({
    clock,
    supports: { durable: true, denseOffsets: true, offsetsOutliveTopic: true },
    storage: segmentStorage({ files, folder, writer, retentionBytes, now: clock.now }),
    offsets: sqliteGroupOffsets(options.stateFile ?? join(folder, "groups.db"), { readOnly }),
    topics,
    maxRecordBytes: options.maxRecordBytes ?? 1024 * 1024,
    maxWriteBytes: MAX_FRAME_BYTES,
    retentionMs,
    retentionBytes,
    retentionCheckMs: readOnly ? undefined : RETENTION_CHECK_MS,
  });
}
