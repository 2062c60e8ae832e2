import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** What the log does to the bytes of files, so that a test can let the n-th call fail, or count what is read. */
export interface Files {
  open(path: string, flags: "r" | "r+" | "wx+"): number;
  /** Up to `length` bytes; fewer at the end of the file. */
  read(fd: number, position: number, length: number): Promise<Buffer>;
  /** Writes all of `bytes` or throws. Not durable before `sync`. */
  write(fd: number, bytes: Uint8Array, position: number): Promise<void>;
  /** Resolves when everything written to the file is on the disk. */
  sync(fd: number): Promise<void>;
  truncate(fd: number, length: number): void;
  close(fd: number): void;
  remove(path: string): void;
  /** The same in another thread: a large file takes a while to go. */
  removeAside(path: string): Promise<void>;
  /** Gives a file a second name, in the same file system. */
  link(file: string, path: string): void;
  /** In one step, also over a file of that name. */
  rename(from: string, to: string): void;
  /** Bytes that the file system of a folder still has room for. */
  free(folder: string): number;
  /** Makes created, renamed and removed names of the folder durable. */
  syncFolder(path: string): void;
}

/** A write into the page cache of up to this size costs less than handing it to another thread. */
const SMALL_BYTES = 64 * 1024;

export const nodeFiles: Files = {
  open: (path, flags) => openSync(path, flags),
  read: readAt,
  async write(fd, bytes, position) {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      if (left <= SMALL_BYTES) done += writeSync(fd, bytes, done, left, position + done);
      else done += await writeAside(fd, bytes, done, position + done);
    }
  },
  sync: (fd) => new Promise((done, reject) => fdatasync(fd, (error) => (error === null ? done() : reject(error)))),
  truncate: (fd, length) => ftruncateSync(fd, length),
  close: (fd) => closeSync(fd),
  remove: (path) => rmSync(path, { force: true }),
  removeAside: (path) => rm(path, { force: true }),
  link: linkSync,
  rename: renameSync,
  free(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  syncFolder(path) {
    if (process.platform === "win32") return; // has no such call, and keeps names by its journal
    const fd = openSync(path, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
};

const writeAside = (fd: number, bytes: Uint8Array, from: number, position: number): Promise<number> =>
  new Promise((resolve, reject) =>
    write(fd, bytes, from, bytes.length - from, position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    ),
  );

function readAt(fd: number, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  return new Promise((resolve, reject) => {
    const more = (done: number) =>
      read(fd, buffer, done, length - done, position + done, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0 || done + count === length) resolve(buffer.subarray(0, done + count));
        else more(done + count);
      });
    more(0);
  });
}

/** Reads of one open file. */
export type ReadAt = (position: number, length: number) => Promise<Buffer>;

export const fileSize = (path: string): number => statSync(path).size;
export const fileNames = (folder: string): string[] => readdirSync(folder);

/** Makes a folder and those above it, durably. */
export function makeFolder(files: Files, folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = resolve(folder); made.length >= first.length; made = dirname(made)) files.syncFolder(dirname(made));
}
