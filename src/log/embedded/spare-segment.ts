import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Files } from "./files.ts";

/** A file of zeros, durable but for its name, that becomes a segment. */
export interface SpareFile {
  readonly path: string;
  readonly fd: number;
}

/**
 * The next segment's file, made beside the writes. What overwrites zeros is synced in about half the time that it takes
 * where the file becomes longer, for the file system then has to write down that it did
 * (docs/decisions/0015-segments-that-are-filled-beforehand.md).
 */
export interface SpareSegment {
  readonly path: string;
  /**
   * Begins to make one, unless that was done. Where the disk has little room left, or when something fails, there is
   * none: segments then grow as they are written.
   */
  prepare(): void;
  readonly ready: boolean;
  /** The file, which is the caller's from now on. */
  take(): SpareFile | undefined;
  /** Gives its room on the disk back, if it can; resolves when that is done. */
  drop(): Promise<void>;
}

/** The room that it takes may be so much of what is free: nobody else must find the disk full for it. */
const SHARE_OF_FREE = 1 / 10;
/** Synced piece by piece: the log's own syncs come in between, and most of the time is theirs. */
const PIECE_BYTES = 256 * 1024;
const REST = 3;

export function spareSegment(files: Files, folder: string, bytes: number): SpareSegment {
  const path = join(folder, "next.spare");
  let making: Promise<void> | undefined;
  /** False: what is being made is given up. */
  let wanted = false;
  let spare: SpareFile | undefined;

  async function make(): Promise<void> {
    if (bytes > files.free(folder) * SHARE_OF_FREE) return;
    files.remove(path);
    const fd = files.open(path, "wx+");
    try {
      const zeros = Buffer.alloc(Math.min(bytes, PIECE_BYTES));
      for (let at = 0; wanted && at < bytes; at += zeros.length) {
        const startMs = performance.now();
        await files.write(fd, zeros.subarray(0, bytes - at), at);
        await files.sync(fd);
        await delay(REST * (performance.now() - startMs));
      }
      if (wanted) spare = { path, fd };
    } finally {
      if (spare === undefined) discard(fd);
    }
  }

  function discard(fd: number): void {
    try {
      files.close(fd);
      files.remove(path);
    } catch {
      // The next one, or the next start, removes it.
    }
  }

  return {
    path,
    prepare() {
      // One that is being given up still has the name.
      if (spare !== undefined || making !== undefined) return;
      wanted = true;
      making = make()
        .catch(() => {})
        .finally(() => {
          making = undefined;
        });
    },
    get ready() {
      return spare !== undefined;
    },
    take() {
      const taken = spare;
      spare = undefined;
      return taken;
    },
    async drop() {
      wanted = false;
      await making;
      const left = spare;
      spare = undefined;
      if (left !== undefined) discard(left.fd);
    },
  };
}
