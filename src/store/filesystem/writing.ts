import { constants, copyFile } from "node:fs/promises";
import { errnoOf, type FileCalls } from "./file-calls.ts";

/** A file in the making. It is gone at the end of the scope, unless it was moved to its place. */
export interface TempFile extends AsyncDisposable {
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Everything written is on disk, and the file is closed. */
  finish(): Promise<void>;
  /** The path is no longer this file's. */
  moved(): void;
}

/** Makes a temporary file; with `source`, one that is that file: by a link, or copied from another file system. */
export async function openTempFile(path: string, files: FileCalls, source?: string): Promise<TempFile> {
  if (source !== undefined) await linkOrCopy(source, path, files);
  const handle = await (source === undefined ? files.create(path) : files.openToSync(path));
  let state: "open" | "closed" | "moved" = "open";

  async function close(): Promise<void> {
    if (state !== "open") return;
    state = "closed";
    await files.close(handle);
  }

  return {
    path,
    write: (chunk) => files.write(handle, chunk),
    async finish() {
      await files.sync(handle);
      await close();
    },
    moved() {
      state = "moved";
    },
    async [Symbol.asyncDispose]() {
      await close().catch(() => {});
      if (state !== "moved") await files.unlink(path).catch(() => {});
      state = "moved";
    },
  };
}

async function linkOrCopy(source: string, path: string, files: FileCalls): Promise<void> {
  try {
    await files.link(source, path);
  } catch (error) {
    if (errnoOf(error) !== "EXDEV") throw error;
    await copyFile(source, path, constants.COPYFILE_EXCL);
  }
}
