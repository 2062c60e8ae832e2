import { PinlakeError } from "../../errors.ts";
import { storageError } from "../../storage-error.ts";
import type { TopicEntry } from "../record-storage.ts";
import type { Files } from "./files.ts";
import { topicsFrame } from "./frame.ts";
import { type Segment, segment } from "./segment.ts";
import { sidecarOf, writeSidecar } from "./sidecar.ts";
import { spareSegment } from "./spare-segment.ts";
import { topicsJson } from "./topics-json.ts";

export interface SegmentWriter extends AsyncDisposable {
  readonly active: Segment;
  /** The segments in their order; the last is the active one. */
  readonly segments: readonly Segment[];
  /** Writes and syncs one frame; resolves with its position in the active segment. Rejects when nothing of it is stored. */
  write(makeFrame: (sequence: number) => Buffer, nowMs: number): Promise<number>;
  /** Begins the next segment: the active one takes no more. */
  seal(nowMs: number): Promise<void>;
  /** Removes a sealed segment's files. Writes go on meanwhile. */
  remove(sealed: Segment): Promise<void>;
  /** Gives back the room on the disk that is held for what comes. */
  makeRoom(): Promise<void>;
}

export interface SegmentWriterOptions {
  readonly files: Files;
  readonly folder: string;
  readonly segmentBytes: number;
  /** A segment whose first record is older takes no more. -1: never too old. */
  readonly maxAgeMs: number;
  readonly topics: () => Iterable<TopicEntry>;
  /** What the folder holds, the last one still open for writing; empty for a new log. */
  readonly segments: readonly Segment[];
  readonly nextSequence: number;
  readonly nowMs: number;
}

/** A sync over zeros saves some 0.2 ms, whatever it brings: for larger frames that is less than to write their bytes twice costs. */
const SMALL_FRAME_BYTES = 48 * 1024;
/** Shorter segments are not worth a file made beforehand. */
const MIN_SPARE_BYTES = 64 * 1024;

/**
 * Appends frames to the last segment. Every segment begins with a frame that holds all topics and where their
 * partitions stand, so that a start reads the last segment alone.
 */
export async function segmentWriter(options: SegmentWriterOptions): Promise<SegmentWriter> {
  const { files, folder } = options;
  const segments = [...options.segments];
  let sequence = options.nextSequence;
  let active = segments.at(-1);
  let fd = active === undefined ? -1 : files.open(active.file, "r+");
  /** Bytes of a failed write may lie after the last acknowledged one. */
  let unclean = false;
  let sealed = active === undefined;
  /** The topics at the segment's head do not count: they may be many. */
  let headBytes = 0;
  const spare = spareSegment(files, folder, options.segmentBytes);
  /** Zeros lie behind the active segment's frames. They are cut off before there is another segment. */
  let filled = false;
  /** Written in small frames since a spare was last asked for. */
  let smallBytes = 0;

  files.remove(spare.path);
  if (active === undefined) await begin(options.nowMs);

  /** Cuts off what a failed write left, durably. A file whose sync failed is never written to again. */
  async function clean(): Promise<void> {
    if (!unclean) return;
    files.truncate(fd, active!.length);
    await files.sync(fd);
    unclean = filled = false;
    sealed = true;
  }

  async function cutZeros(): Promise<void> {
    if (!filled) return;
    files.truncate(fd, active!.length);
    await files.sync(fd);
    filled = false;
  }

  async function begin(nowMs: number): Promise<void> {
    const next = segment(folder, (active?.number ?? -1) + 1);
    const frame = topicsFrame(topicsJson(options.topics()), sequence, nowMs);
    // Once a new segment was tried for, the old one takes no more, or both could hold the same sequence.
    sealed = true;
    await cutZeros();
    const made = spare.take();
    let nextFd = made?.fd ?? -1;
    try {
      files.remove(next.file);
      if (made === undefined) nextFd = files.open(next.file, "wx+");
      await files.write(nextFd, frame, 0);
      await files.sync(nextFd);
      if (made !== undefined) files.rename(made.path, next.file);
      files.syncFolder(folder);
    } catch (error) {
      if (nextFd >= 0) {
        files.close(nextFd);
        files.remove(next.file);
      }
      if (made !== undefined) files.remove(made.path);
      throw error;
    }
    const [old, oldFd] = [active, fd];
    sequence++;
    next.length = headBytes = frame.length;
    active = next;
    segments.push(next);
    fd = nextFd;
    sealed = false;
    filled = made !== undefined;
    if (old !== undefined) await finish(old, oldFd);
  }

  async function finish(old: Segment, oldFd: number): Promise<void> {
    try {
      files.close(oldFd);
      await writeSidecar(files, old);
    } catch {
      // The sidecar is made again from the segment when it is needed.
    }
  }

  /** A load of small frames gets segments that are filled beforehand: the first after a while, the others in time. */
  function noteSize(frameBytes: number): void {
    if (frameBytes > SMALL_FRAME_BYTES || options.segmentBytes < MIN_SPARE_BYTES) return;
    smallBytes += frameBytes;
    if (smallBytes < options.segmentBytes / (filled ? 2 : 8)) return;
    smallBytes = 0;
    spare.prepare();
  }

  return {
    get active() {
      return active!;
    },
    segments,
    makeRoom: spare.drop,
    async write(makeFrame, nowMs) {
      try {
        await clean();
        const firstMs = active!.firstStoredAtMs;
        const tooOld = options.maxAgeMs >= 0 && firstMs !== undefined && nowMs - firstMs > options.maxAgeMs;
        const full = active!.length - headBytes >= options.segmentBytes;
        if (sealed || tooOld || full || (spare.ready && !filled)) await begin(nowMs);
        const frame = makeFrame(sequence);
        const position = active!.length;
        unclean = true;
        await files.write(fd, frame, position);
        await files.sync(fd);
        unclean = false;
        active!.length += frame.length;
        sequence++;
        noteSize(frame.length);
        return position;
      } catch (error) {
        // Before anybody learns of the failure; if this fails too, the next write tries again first.
        await clean().catch(() => {});
        await spare.drop(); // a full disk has better use for its room
        throw storageError(error, active?.file ?? folder);
      }
    },
    async seal(nowMs) {
      try {
        await clean();
        await begin(nowMs);
      } catch (error) {
        throw storageError(error, folder);
      }
    },
    async remove(old) {
      await files.removeAside(sidecarOf(old));
      await files.removeAside(old.file);
      segments.splice(segments.indexOf(old), 1);
    },
    async [Symbol.asyncDispose]() {
      await clean()
        .then(cutZeros)
        .catch(() => {}); // the next start does it
      files.close(fd);
      await spare.drop();
    },
  };
}

/** Stands in for a writer where nothing may be changed. */
export function noWriter(folder: string, segments: readonly Segment[]): SegmentWriter {
  const refuse = () =>
    new PinlakeError("STORAGE_FAILED", { path: folder, reason: "the log was opened to be read only" });
  return {
    active: segments.at(-1) ?? segment(folder, 0),
    segments,
    write: () => Promise.reject(refuse()),
    seal: () => Promise.reject(refuse()),
    remove: () => Promise.reject(refuse()),
    makeRoom: () => Promise.reject(refuse()),
    [Symbol.asyncDispose]: async () => {},
  };
}
