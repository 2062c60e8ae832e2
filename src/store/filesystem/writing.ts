import { constants, copyFile } from "node:fs/promises";
import type { FileCalls } from "./file-calls.ts";

/** A file in the making. It is gone at the end of the scope, unless it was moved to its place. */
export interface TempFile extends AsyncDisposable {
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Everything written is on disk, and the file is closed. */
  finish(): Promise<void>;
  /** The path is no longer this file's. */
  moved(): void;
}

/** Makes a temporary file; with `source`, one that is a copy of that file. */
export async function openTempFile(path: string, files: FileCalls, source?: string): Promise<TempFile> {
  if (source !== undefined) await copyFile(source, path, constants.COPYFILE_EXCL);
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

/** Everything that somebody else wrote to a file is on disk. */
export async function syncFile(path: string, files: FileCalls): Promise<void> {
  const handle = await files.openToSync(path);
  try {
    await files.sync(handle);
  } finally {
    await files.close(handle);
  }
}
