import { PinlakeError } from "../../errors.ts";
import { storageError } from "../../storage-error.ts";
import type { TopicEntry } from "../record-storage.ts";
import type { Files } from "./files.ts";
import { topicsFrame } from "./frame.ts";
import { type Segment, segment } from "./segment.ts";
import { sidecarOf, writeSidecar } from "./sidecar.ts";
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

  if (active === undefined) await begin(options.nowMs);

  /** Cuts off what a failed write left, durably. A file whose sync failed is never written to again. */
  async function clean(): Promise<void> {
    if (!unclean) return;
    files.truncate(fd, active!.length);
    await files.sync(fd);
    unclean = false;
    sealed = true;
  }

  async function begin(nowMs: number): Promise<void> {
    const next = segment(folder, (active?.number ?? -1) + 1);
    const frame = topicsFrame(topicsJson(options.topics()), sequence, nowMs);
    let nextFd = -1;
    // Once a new segment was tried for, the old one takes no more, or both could hold the same sequence.
    sealed = true;
    try {
      files.remove(next.file);
      nextFd = files.open(next.file, "wx+");
      await files.write(nextFd, frame, 0);
      await files.sync(nextFd);
      files.syncFolder(folder);
    } catch (error) {
      if (nextFd >= 0) {
        files.close(nextFd);
        files.remove(next.file);
      }
      throw error;
    }
    const [old, oldFd] = [active, fd];
    sequence++;
    next.length = headBytes = frame.length;
    active = next;
    segments.push(next);
    fd = nextFd;
    sealed = false;
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

  return {
    get active() {
      return active!;
    },
    segments,
    async write(makeFrame, nowMs) {
      try {
        await clean();
        const firstMs = active!.firstStoredAtMs;
        const tooOld = options.maxAgeMs >= 0 && firstMs !== undefined && nowMs - firstMs > options.maxAgeMs;
        if (sealed || tooOld || active!.length - headBytes >= options.segmentBytes) await begin(nowMs);
        const frame = makeFrame(sequence);
        const position = active!.length;
        unclean = true;
        await files.write(fd, frame, position);
        await files.sync(fd);
        unclean = false;
        active!.length += frame.length;
        sequence++;
        return position;
      } catch (error) {
        // Before anybody learns of the failure; if this fails too, the next write tries again first.
        await clean().catch(() => {});
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
      await clean().catch(() => {});
      files.close(fd);
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
    [Symbol.asyncDispose]: async () => {},
  };
}
