import { mkdir, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PinlakeError } from "../errors.ts";
import { errnoOf, type FileCalls, fileCalls, isFull } from "./filesystem/file-calls.ts";
import { foldersBelow } from "./filesystem/folders.ts";
import { listFiles } from "./filesystem/listing.ts";
import { readPieces, readRange } from "./filesystem/reading.ts";
import { removeLeftBehind, TEMP_FOLDER, tempPath } from "./filesystem/temp-files.ts";
import { openTempFile, syncFile } from "./filesystem/writing.ts";
import { checkKey } from "./object-key.ts";
import type { ObjectStore } from "./object-store.ts";

export interface FilesystemStoreOptions {
  readonly root: string;
  readonly files?: FileCalls;
}

/**
 * Objects as files below a folder, under their keys. A body is written beside the objects, synced, and then linked (put
 * if absent) or renamed (put) to its place, and the folder synced: so a reader sees a whole object or none, and an
 * object whose put resolved survives power loss. Any number of processes may use one folder.
 *
 * Where S3 would take both `a` and `a/b`, a file system cannot: the later one is refused. Links below the root are
 * neither followed nor listed.
 *
 * Throws FOLDER_UNUSABLE when the root is no folder and cannot be made.
 */
export async function openFilesystemStore(options: FilesystemStoreOptions): Promise<ObjectStore> {
  const files = options.files ?? fileCalls;
  const root = await openRoot(resolve(options.root), files);
  const folders = foldersBelow(root, files);
  const temporary = join(root, TEMP_FOLDER);
  await removeLeftBehind(root, files, Date.now());

  function pathOf(key: string): string {
    checkKey(key);
    if (key === TEMP_FOLDER || key.startsWith(`${TEMP_FOLDER}/`))
      throw new PinlakeError("OBJECT_KEY_INVALID", { key, reason: `${TEMP_FOLDER} is the store's own` });
    return join(root, key);
  }

  // What the operating system refuses comes out as an error of ours.
  async function writing<T>(key: string, work: (path: string) => Promise<T>): Promise<T> {
    const path = pathOf(key);
    try {
      return await work(path);
    } catch (error) {
      throw writeError(error, key, path);
    }
  }

  /** What was read is given only where the object's folder is its own: reading need not wait for that to be looked up. */
  async function reading<T>(key: string, work: (path: string) => Promise<T>): Promise<T> {
    const path = pathOf(key);
    try {
      const [checked, read] = await Promise.allSettled([folders.check(dirname(path)), work(path)]);
      if (checked.status === "rejected") throw checked.reason;
      if (read.status === "rejected") throw read.reason;
      return read.value;
    } catch (error) {
      throw readError(error, key, path);
    }
  }

  /** Makes the folder of an object and runs `step` there, once more if somebody removed the folder meanwhile. */
  async function inFolder<T>(folder: string, step: () => Promise<T>): Promise<T> {
    for (let again = true; ; again = false) {
      await folders.ensure(folder);
      try {
        return await step();
      } catch (error) {
        if (!again || errnoOf(error) !== "ENOENT") throw error;
        folders.forget(folder);
      }
    }
  }

  /** Gives a finished, synced file the name `path`; false when it is taken. The folder is synced in either case. */
  async function linkInto(file: string, path: string): Promise<boolean> {
    const folder = dirname(path);
    const linked = await inFolder(folder, async () => {
      await folders.check(folder);
      try {
        await files.link(file, path);
        return true;
      } catch (error) {
        if (errnoOf(error) === "EEXIST" && (await files.lstat(path)).isFile()) return false;
        throw error;
      }
    });
    await files.syncFolder(folder);
    return linked;
  }

  async function renameInto(file: string, path: string): Promise<void> {
    const folder = dirname(path);
    await inFolder(folder, async () => {
      await folders.check(folder);
      await files.rename(file, path);
    });
    await files.syncFolder(folder);
  }

  /** By a link, or where that is another file system's by a copy. */
  async function adopt(file: string, path: string): Promise<boolean> {
    await syncFile(file, files);
    try {
      return await linkInto(file, path);
    } catch (error) {
      if (errnoOf(error) !== "EXDEV") throw error;
    }
    await folders.ensure(temporary);
    await using temp = await openTempFile(tempPath(root), files, file);
    await temp.finish();
    return await linkInto(temp.path, path);
  }

  const newTempFile = () => inFolder(temporary, () => openTempFile(tempPath(root), files));

  return {
    supports: { conditionalPut: true, localPath: true, durable: true },
    put: (key, body) =>
      writing(key, async (path) => {
        await using temp = await newTempFile();
        await temp.write(body);
        await temp.finish();
        await renameInto(temp.path, path);
        temp.moved();
      }),
    putIfAbsent: (key, body) =>
      writing(key, async (path) => {
        await using temp = await newTempFile();
        await temp.write(body);
        await temp.finish();
        return await linkInto(temp.path, path);
      }),
    writer: (key) =>
      writing(key, async (path) => {
        const temp = await newTempFile();
        let open = true;
        /** Whatever goes wrong ends the writer and removes its file. */
        const step = <T>(last: boolean, work: () => Promise<T>): Promise<T> =>
          writing(key, async () => {
            if (!open) throw new PinlakeError("CLOSED", { what: `The writer of "${key}"` });
            open = !last;
            try {
              return await work();
            } catch (error) {
              open = false;
              throw error;
            } finally {
              if (!open) await temp[Symbol.asyncDispose]();
            }
          });
        return {
          write: (chunk) => step(false, () => temp.write(chunk)),
          commitIfAbsent: () =>
            step(true, async () => {
              await temp.finish();
              return await linkInto(temp.path, path);
            }),
          commit: () =>
            step(true, async () => {
              await temp.finish();
              await renameInto(temp.path, path);
              temp.moved();
            }),
          async abort() {
            open = false;
            await temp[Symbol.asyncDispose]();
          },
        };
      }),
    get: (key, options) => reading(key, (path) => readRange(path, files, options?.range, options?.signal)),
    async *stream(key, options) {
      const path = pathOf(key);
      try {
        await folders.check(dirname(path));
        yield* readPieces(path, files, options?.signal);
      } catch (error) {
        throw readError(error, key, path);
      }
    },
    async *list(prefix, options) {
      try {
        yield* listFiles(root, files, prefix, options);
      } catch (error) {
        throw storageError(error, root);
      }
    },
    async head(key) {
      try {
        return await reading(key, async (path) => {
          const info = await files.lstat(path);
          return info.isFile() ? { key, bytes: info.size, modifiedAtMs: Math.floor(info.mtimeMs) } : undefined;
        });
      } catch (error) {
        if (error instanceof PinlakeError && error.code === "OBJECT_NOT_FOUND") return undefined;
        throw error;
      }
    },
    delete: (key) =>
      writing(key, async (path) => {
        try {
          await folders.check(dirname(path));
          await files.unlink(path);
          await files.syncFolder(dirname(path));
        } catch (error) {
          if (!isMissing(error)) throw error;
        }
      }),
    localPath: pathOf,
    async stagingPath() {
      await folders.ensure(temporary);
      return tempPath(root);
    },
    adoptFile: (key, file) =>
      writing(key, async (path) => {
        const adopted = await adopt(file, path);
        if (adopted) await files.unlink(file).catch(() => {});
        return adopted;
      }),
    async [Symbol.asyncDispose]() {},
  };
}

/** The root's real path. What had to be made of it is durable. */
async function openRoot(folder: string, files: FileCalls): Promise<string> {
  try {
    const first = await mkdir(folder, { recursive: true });
    if (first !== undefined)
      for (let at = folder; at.length >= first.length; at = dirname(at)) await files.syncFolder(dirname(at));
    return await realpath(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PinlakeError("FOLDER_UNUSABLE", { folder, reason }, { cause: error });
  }
}

const NO_SUCH_OBJECT = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"]);
const IN_THE_WAY = new Set(["ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY"]);

const isMissing = (error: unknown) => NO_SUCH_OBJECT.has(errnoOf(error) ?? "");

function readError(error: unknown, key: string, path: string): unknown {
  if (isMissing(error)) return new PinlakeError("OBJECT_NOT_FOUND", { key }, { cause: error });
  return storageError(error, path);
}

function writeError(error: unknown, key: string, path: string): unknown {
  if (!IN_THE_WAY.has(errnoOf(error) ?? "")) return storageError(error, path);
  const reason = "part of it is an object, or it is a folder of objects, and a file system cannot hold both";
  return new PinlakeError("OBJECT_KEY_INVALID", { key, reason }, { cause: error });
}

/** Errors that are not the operating system's (ours, an abort's) pass as they are. */
function storageError(error: unknown, path: string): unknown {
  if (error instanceof PinlakeError || errnoOf(error) === undefined) return error;
  if (isFull(error)) return new PinlakeError("STORAGE_FULL", { path }, { cause: error });
  return new PinlakeError("STORAGE_FAILED", { path, reason: (error as Error).message }, { cause: error });
}
