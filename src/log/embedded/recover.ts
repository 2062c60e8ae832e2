import { basename, join } from "node:path";
import { PinlakeError } from "../../errors.ts";
import type { TopicEntry } from "../record-storage.ts";
import { type Files, fileNames, fileSize } from "./files.ts";
import { blocksOf, type Frame, jsonOf, RECORDS, TOPICS } from "./frame.ts";
import { findLaterFrame, scanFrames } from "./scan.ts";
import { indexBlock, type Segment, segment, segmentNumber } from "./segment.ts";
import { readSidecar, sidecarOf, writeSidecar } from "./sidecar.ts";
import { parseTopics } from "./topics-json.ts";

export interface Recovered {
  readonly segments: readonly Segment[];
  readonly topics: readonly TopicEntry[];
  readonly nextSequence: number;
}

export interface RecoverOptions {
  readonly files: Files;
  readonly folder: string;
  /** Leaves everything as it is: a torn end is passed over instead of cut. */
  readonly readOnly: boolean;
}

/**
 * Reads what a log folder holds: the last segment as a whole, of the others their sidecars. Cuts a torn end of the
 * last segment. Throws LOG_CORRUPT, having changed nothing, when a damaged place is followed by a whole frame.
 */
export async function recover({ files, folder, readOnly }: RecoverOptions): Promise<Recovered> {
  const segments = segmentsIn(folder);
  if (!readOnly) removeOrphans(files, folder, segments);
  for (;;) {
    const last = segments.at(-1);
    if (last === undefined) return { segments, topics: [], nextSequence: 0 };
    const state = await recoverLast(files, last, readOnly);
    if (state !== undefined) {
      for (const older of segments.slice(0, -1)) await openSealed(files, older, readOnly);
      return { segments, ...state };
    }
    // Its first frame was never synced, so nothing was ever acknowledged in it.
    segments.pop();
    if (readOnly) continue;
    files.remove(last.file);
    if (segments.length > 0) files.remove(sidecarOf(segments.at(-1)!));
    files.syncFolder(folder);
  }
}

export const segmentsIn = (folder: string): Segment[] =>
  fileNames(folder)
    .map(segmentNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b)
    .map((number) => segment(folder, number));

/** Indexes whose segments are gone: a removal that the power cut short. */
function removeOrphans(files: Files, folder: string, segments: readonly Segment[]): void {
  const known = new Set(segments.map((one) => basename(sidecarOf(one))));
  for (const name of fileNames(folder))
    if (name.endsWith(".index") && !known.has(name)) files.remove(join(folder, name));
}

async function recoverLast(
  files: Files,
  last: Segment,
  readOnly: boolean,
): Promise<Omit<Recovered, "segments"> | undefined> {
  const { file } = last;
  const size = fileSize(file);
  const topics = new Map<number, TopicEntry>();
  let nextSequence: number | undefined;
  let damage: string | undefined;
  const fd = files.open(file, readOnly ? "r" : "r+");
  const read = (position: number, length: number) => files.read(fd, position, length);
  try {
    const end = await scanFrames(read, 0, size, (frame, position) => {
      if (nextSequence !== undefined && frame.sequence !== nextSequence) damage = "the frame is out of sequence";
      else if (nextSequence === undefined && frame.kind !== TOPICS) damage = "the segment does not begin with topics";
      else damage = replay(frame, topics, last, position);
      if (damage === undefined) nextSequence = frame.sequence + 1;
      return damage === undefined;
    });
    if (damage !== undefined) throw new PinlakeError("LOG_CORRUPT", { file, position: end.position, reason: damage });
    if (end.damage !== undefined) {
      const later = await findLaterFrame(read, end.position, size, nextSequence);
      if (later !== undefined)
        throw new PinlakeError("LOG_CORRUPT", {
          file,
          position: end.position,
          reason: `${end.damage}, and a whole frame follows at byte ${later}`,
        });
    }
    if (nextSequence === undefined) return undefined;
    if (!readOnly) {
      if (end.position < size) files.truncate(fd, end.position);
      // What a killed process had written but not synced is readable from here on.
      await files.sync(fd);
    }
    last.length = end.position;
    return { topics: [...topics.values()], nextSequence };
  } finally {
    files.close(fd);
  }
}

/** Carries one frame's content over to the state; answers what does not fit, if anything. */
function replay(frame: Frame, topics: Map<number, TopicEntry>, into: Segment, position: number): string | undefined {
  if (frame.kind === TOPICS) {
    for (const entry of parseTopics(jsonOf(frame))) topics.set(entry.state.id, entry);
    return undefined;
  }
  if (frame.kind !== RECORDS) return `the frame is of unknown kind ${frame.kind}`;
  for (const block of blocksOf(frame)) {
    const entry = topics.get(block.topicId);
    if (entry === undefined) return `the frame names an unknown topic (${block.topicId})`;
    const log = entry.logs[block.partition];
    if (log === undefined || log.end !== block.base)
      return `offset ${block.base} of topic "${entry.state.topic}" partition ${block.partition} does not follow ${log?.end}`;
    indexBlock(into, block, position, frame.storedAtMs);
    log.end = block.base + block.count;
  }
  return undefined;
}

/** Fills an older segment's index, from its sidecar or, when that is missing or damaged, from the segment itself. */
async function openSealed(files: Files, sealed: Segment, readOnly: boolean): Promise<void> {
  const size = fileSize(sealed.file);
  if (await readSidecar(files, sealed, size)) return;
  const fd = files.open(sealed.file, "r");
  const read = (position: number, length: number) => files.read(fd, position, length);
  try {
    sealed.length = size;
    for (let from = 0; from < size; ) {
      const end = await scanFrames(read, from, size, (frame, position) => {
        if (frame.kind === RECORDS)
          for (const block of blocksOf(frame)) indexBlock(sealed, block, position, frame.storedAtMs);
        return true;
      });
      if (end.damage === undefined) break;
      // The first read of what is damaged reports it; what lies behind stays readable.
      sealed.damage ??= { position: end.position, reason: end.damage };
      from = (await findLaterFrame(read, end.position, size, undefined)) ?? size;
    }
    if (sealed.damage === undefined && !readOnly) await writeSidecar(files, sealed).catch(() => {});
  } finally {
    files.close(fd);
  }
}
