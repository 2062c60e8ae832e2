import { constants } from "node:fs";
import { type FileHandle, link, lstat, mkdir, open, readdir, realpath, rename, unlink } from "node:fs/promises";

/** Every call that the filesystem store makes to the operating system: tests hand in failing ones. */
export interface FileCalls {
  create(path: string): Promise<FileHandle>;
  openToRead(path: string): Promise<FileHandle>;
  /** A file that somebody else wrote. */
  openToSync(path: string): Promise<FileHandle>;
  write(file: FileHandle, chunk: Uint8Array): Promise<void>;
  /** Contents and length on disk. */
  sync(file: FileHandle): Promise<void>;
  /** Names in a folder on disk. */
  syncFolder(path: string): Promise<void>;
  close(file: FileHandle): Promise<void>;
  link: typeof link;
  rename: (from: string, to: string) => Promise<void>;
  unlink: (path: string) => Promise<void>;
  mkdir: (path: string) => Promise<void>;
  readdir: typeof readdir;
  lstat: typeof lstat;
  realpath: (path: string) => Promise<string>;
}

/** A link in the place of an object is not followed: it could lead out of the root. */
const READ_NO_FOLLOW = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

export const fileCalls: FileCalls = {
  create: (path) => open(path, "wx", 0o644),
  openToRead: (path) => open(path, READ_NO_FOLLOW),
  openToSync: (path) => open(path, "r+"),
  async write(file, chunk) {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, done);
      done += bytesWritten;
    }
  },
  sync: (file) => file.datasync(),
  async syncFolder(path) {
    // Windows opens no folders; its journal keeps names in order by itself.
    if (process.platform === "win32") return;
    await using folder = await open(path, "r");
    await folder.sync();
  },
  close: (file) => file.close(),
  link,
  rename,
  unlink,
  mkdir: async (path) => {
    await mkdir(path);
  },
  readdir,
  lstat,
  realpath: (path) => realpath(path),
};

const FULL = new Set(["ENOSPC", "EDQUOT"]);

export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;

export const isFull = (error: unknown): boolean => FULL.has(errnoOf(error) ?? "");
