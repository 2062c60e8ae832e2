import { basename, dirname, join } from "node:path";
import { type Files, makeFolder } from "./files.ts";
import { type Frame, recordsFrame, topicsFrame } from "./frame.ts";
import { type Gap, placeholders, type RepairState } from "./repair-state.ts";
import type { Segment } from "./segment.ts";
import { sidecarOf } from "./sidecar.ts";
import { topicsJson } from "./topics-json.ts";

/** What was lost between two whole frames. */
export interface Break {
  readonly gaps: readonly Gap[];
  /** The sequences of the whole frame before, if there is one, and of the first frame behind the break. */
  readonly after: number | undefined;
  readonly upTo: number;
  /** The whole frame that shows what was lost. */
  readonly next: Frame;
  /** The frame that begins a segment was lost too. */
  readonly head: boolean;
}

/** A segment file in the making, which then takes the place of a damaged one, or of one that is gone. */
export interface RemadeSegment {
  readonly file: string;
  /** Adds frames for those that were lost, one for each: sequences rise by one as ever. */
  bridge(lost: Break): Promise<void>;
  add(frame: Frame): Promise<void>;
  /** It is durable, and so is the copy of the file that is there now: answers where that lies. */
  finish(): Promise<string | undefined>;
  /** Takes the other's place. */
  replace(): void;
  /** Gives up what did not. */
  abandon(): void;
}

export interface RemakeOptions {
  readonly files: Files;
  readonly segment: Segment;
  /** The folder that keeps the file that is there now; undefined when there is none. */
  readonly aside: string | undefined;
  readonly state: RepairState;
}

export function remakeSegment({ files, segment: { file }, aside, state }: RemakeOptions): RemadeSegment {
  const path = `${file}.repaired`;
  files.remove(path);
  const fd = files.open(path, "wx+");
  let open = true;
  let length = 0;

  async function write(bytes: Uint8Array): Promise<void> {
    await files.write(fd, bytes, length);
    length += bytes.length;
  }

  function close(): void {
    if (open) files.close(fd);
    open = false;
  }

  return {
    file,
    async bridge({ gaps, after, upTo, next, head }) {
      const { storedAtMs } = next;
      const changed = state.introduce(next, gaps);
      const told = head ? [...state.topics.values()] : changed;
      const frames: ((sequence: number) => Buffer)[] = [];
      if (head || told.length > 0) frames.push((sequence) => topicsFrame(topicsJson(told), sequence, storedAtMs));
      if (gaps.length > 0)
        frames.push((sequence) => recordsFrame(placeholders(gaps, storedAtMs), sequence, storedAtMs));
      const first = Math.min(upTo - frames.length, after === undefined ? upTo : after + 1);
      for (let sequence = first; sequence < upTo; sequence++) {
        const frame = frames.shift() ?? ((n: number) => recordsFrame([], n, storedAtMs));
        await write(frame(sequence));
      }
      state.filled(gaps);
    },
    add: ({ buffer, at, length: bytes }) => write(buffer.subarray(at, at + bytes)),
    async finish() {
      await files.sync(fd);
      close();
      return aside === undefined ? undefined : setAside(files, file, aside);
    },
    replace() {
      files.remove(sidecarOf({ file }));
      files.rename(path, file);
      files.syncFolder(dirname(file));
    },
    abandon() {
      close();
      files.remove(path);
    },
  };
}

/** Keeps a file in a folder of damaged ones, durably; it still has its old name too. */
export function setAside(files: Files, file: string, aside: string): string {
  const kept = join(aside, basename(file));
  makeFolder(files, aside);
  files.link(file, kept);
  files.syncFolder(aside);
  return kept;
}
