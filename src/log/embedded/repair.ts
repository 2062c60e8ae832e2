import { dirname } from "node:path";
import type { TopicEntry } from "../record-storage.ts";
import { type Files, fileSize, nodeFiles } from "./files.ts";
import { type BlockHeader, blocksOf, claimedLength, type Frame, jsonOf, RECORDS, TOPICS } from "./frame.ts";
import { segmentsIn } from "./recover.ts";
import { type RemadeSegment, remakeSegment, setAside } from "./repair-file.ts";
import { type Gap, type RepairState, repairState } from "./repair-state.ts";
import { findLaterFrame, scanFrames } from "./scan.ts";
import { partitionKey, type Segment, segment } from "./segment.ts";
import { sidecarOf } from "./sidecar.ts";
import { parseTopics } from "./topics-json.ts";

/** Offsets whose records cannot be read any more, `to` exclusive. */
export interface LostOffsets {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

export interface RepairedSegment {
  /** The segment, whole again. */
  readonly file: string;
  /** The damaged file as it was; undefined when there was none. */
  readonly setAside: string | undefined;
  readonly lost: readonly LostOffsets[];
}

export interface RepairOptions {
  readonly folder: string;
  /** A new folder for the damaged files, in the same file system. Made when it is needed. */
  readonly aside: string;
  readonly files?: Files;
}

/**
 * Makes a damaged log whole. Every frame that is still whole stays as it is; each record that is lost is replaced by a
 * placeholder (`lostRecord`), so that offsets have no gaps. A damaged file is kept aside before its successor takes
 * its name, and what is given up is yielded just before that: so killed at any moment, another run does and says the rest.
 *
 * Nobody else may have the log open.
 */
export async function* repairLog({ folder, aside, files = nodeFiles }: RepairOptions): AsyncGenerator<RepairedSegment> {
  const segments = segmentsIn(folder);
  const { damaged, starts, known } = await survey(files, segments);
  const state = repairState(starts, known);
  let sequence: number | undefined;
  /** The number of the last segment that holds anything. */
  let last: number | undefined;
  let making: { readonly remade: RemadeSegment; readonly lost: LostOffsets[] } | undefined;

  const remake = (which: Segment, kept: string | undefined) => {
    making = { remade: remakeSegment({ files, segment: which, aside: kept, state }), lost: [] };
    return making;
  };
  async function* finished({ remade, lost }: NonNullable<typeof making>): AsyncGenerator<RepairedSegment> {
    yield { file: remade.file, setAside: await remade.finish(), lost };
    remade.replace();
    making = undefined;
  }
  const nameLost = (gaps: readonly Gap[]) =>
    gaps.map(({ topicId, ...gap }) => ({ topic: state.topics.get(topicId)?.state.topic ?? `#${topicId}`, ...gap }));

  try {
    for (const old of segments) {
      const isDamaged = damaged.has(old.file);
      let begun = false;
      for await (const { frame, position, claimed } of wholeFrames(files, old, () => sequence)) {
        const headLost = !begun && !isHead(frame, position);
        const next = { next: frame, upTo: frame.sequence };
        let gaps = state.missingBefore(frame, claimed);
        if (!begun) {
          // What is missing before a whole file stood at the end of the one before, or in a file that is gone.
          const between = gaps.length > 0 && !headLost && last !== old.number - 1;
          const head = making === undefined;
          if (head && between) remake(segment(folder, old.number - 1), undefined);
          if (making !== undefined) {
            const upTo = headLost ? frame.sequence - 1 : frame.sequence;
            await making.remade.bridge({ ...next, gaps, after: sequence, upTo, head });
            making.lost.push(...nameLost(gaps));
            sequence = upTo - 1;
            gaps = [];
            yield* finished(making);
          }
          if (isDamaged) remake(old, aside);
        }
        if (making !== undefined) {
          await making.remade.bridge({ ...next, gaps, after: sequence, head: headLost });
          making.lost.push(...nameLost(gaps));
          await making.remade.add(frame);
        } else state.introduce(frame, gaps);
        state.take(frame);
        sequence = frame.sequence;
        begun = true;
      }
      if (begun) last = old.number;
      else if (isDamaged) {
        yield { file: old.file, setAside: setAside(files, old.file, aside), lost: [] };
        discard(files, old.file);
      }
    }
    if (making !== undefined) yield* finished(making);
  } finally {
    making?.remade.abandon();
  }
}

/** A file that holds no whole frame has nothing to give to the log. */
function discard(files: Files, file: string): void {
  files.remove(sidecarOf({ file }));
  files.remove(file);
  files.syncFolder(dirname(file));
}

interface Survey {
  /** Files that are to be made anew. */
  readonly damaged: ReadonlySet<string>;
  /** The first offset of each partition that the log still has to hold. */
  readonly starts: ReadonlyMap<string, number>;
  /** Every topic that a whole frame tells of, as the last one tells it. */
  readonly known: ReadonlyMap<number, TopicEntry>;
}

async function survey(files: Files, segments: readonly Segment[]): Promise<Survey> {
  const damaged = new Set<string>();
  const starts = new Map<string, number>();
  const known = new Map<number, TopicEntry>();
  for (const [i, { file }] of segments.entries()) {
    const noteDamage = (end: "torn" | "followed") => {
      if (end === "followed" || i < segments.length - 1) damaged.add(file);
    };
    for await (const { frame } of wholeFrames(files, { file }, undefined, noteDamage)) {
      if (frame.kind !== TOPICS) continue;
      for (const entry of parseTopics(jsonOf(frame))) {
        known.set(entry.state.id, entry);
        for (const { partition, start } of entry.logs) starts.set(partitionKey(entry.state.id, partition), start);
      }
    }
  }
  const short = await shortened(files, segments, repairState(starts, known));
  return { damaged: new Set([...damaged, ...short]), starts, known };
}

/** Files that end too early, although all that is left of them is whole. */
async function shortened(files: Files, segments: readonly Segment[], state: RepairState): Promise<readonly string[]> {
  const found: string[] = [];
  let before: Segment | undefined;
  for (const one of segments) {
    let begun = false;
    for await (const { frame, position, claimed } of wholeFrames(files, one)) {
      const gaps = state.missingBefore(frame, claimed);
      if (gaps.length > 0 && isHead(frame, position) && before?.number === one.number - 1) found.push(before.file);
      state.introduce(frame, gaps);
      state.take(frame);
      begun = true;
    }
    if (begun) before = one;
  }
  return found;
}

const isHead = (frame: Frame, position: number): boolean => position === 0 && frame.kind === TOPICS;

const PIECE_BYTES = 8 * 1024 * 1024;

interface WholeFrame {
  readonly frame: Frame;
  readonly position: number;
  /** What the damaged frame before it, if there is one, says that it holds. */
  readonly claimed: readonly BlockHeader[];
}

/** The frames of a file that are whole, in order. */
async function* wholeFrames(
  files: Files,
  { file }: Pick<Segment, "file">,
  sequence: () => number | undefined = () => undefined,
  onDamage: (end: "torn" | "followed") => void = () => {},
): AsyncGenerator<WholeFrame> {
  const size = fileSize(file);
  const fd = files.open(file, "r");
  const read = (position: number, length: number) => files.read(fd, position, length);
  try {
    let claimed: readonly BlockHeader[] = [];
    for (let from = 0; from < size; ) {
      const piece: WholeFrame[] = [];
      let bytes = 0;
      const { damage, position } = await scanFrames(read, from, size, (frame, at) => {
        if (bytes > PIECE_BYTES) return false;
        piece.push({ frame, position: at, claimed: piece.length === 0 ? claimed : [] });
        bytes += frame.length;
        return true;
      });
      yield* piece;
      from = position;
      claimed = [];
      if (damage === undefined) continue;
      const last = sequence();
      const later = await findLaterFrame(read, position, size, last === undefined ? undefined : last + 1);
      onDamage(later === undefined ? "torn" : "followed");
      if (later !== undefined) claimed = claimedBlocks(await read(position, later - position));
      from = later ?? size;
    }
  } finally {
    files.close(fd);
  }
}

/** What a damaged frame says that it holds, where that at least agrees with itself; empty when it does not. */
function claimedBlocks(buffer: Buffer): readonly BlockHeader[] {
  if (claimedLength(buffer, 0) !== buffer.length || buffer.readUInt32LE(12) !== RECORDS) return [];
  try {
    const frame = { buffer, at: 0, length: buffer.length, kind: RECORDS, sequence: 0, storedAtMs: 0 };
    const blocks = blocksOf(frame);
    const last = blocks.at(-1);
    return last !== undefined && last.at + last.bytes === buffer.length ? blocks : [];
  } catch (error) {
    if (error instanceof RangeError) return []; // more blocks than the frame has bytes for
    throw error;
  }
}
