import { existsSync, mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import { PinlakeError } from "../errors.ts";
import { resultCode } from "../sqlite-file.ts";
import type { DataFolder } from "./data-folder.ts";
import { readUpFile, removeUpFile, type UpFile, writeUpFile } from "./up-file.ts";

export interface FolderLock extends Disposable {
  /** Says in `up.json` where this process listens. */
  announce(addresses: Omit<UpFile, "pid">): void;
}

const PATIENCE_MS = 2000;
const [SQLITE_BUSY, SQLITE_NOT_A_DATABASE] = [5, 26];

/**
 * Takes a data folder for this process alone: an exclusive transaction on `lock.db`, which the operating system ends
 * with the process, however that ends. Throws FOLDER_LOCKED naming the holder, FOLDER_UNUSABLE, STORAGE_FAILED.
 */
export async function lockFolder(folder: DataFolder, clock: Clock): Promise<FolderLock> {
  const deadline = clock.monotonic() + PATIENCE_MS;
  for (;;) {
    const database = tryLock(folder);
    if (database !== undefined) return hold(folder, database);
    // The loser of a race for a free folder may have met another loser: only a pid proves that somebody won.
    const holder = readUpFile(folder.up);
    if (holder !== undefined && holder.pid !== process.pid)
      throw new PinlakeError("FOLDER_LOCKED", { folder: folder.root, pid: holder.pid });
    if (clock.monotonic() >= deadline)
      throw new PinlakeError("FOLDER_LOCKED", { folder: folder.root, pid: holder?.pid });
    await clock.sleep(10 + Math.random() * 40);
  }
}

function hold(folder: DataFolder, database: DatabaseSync): FolderLock {
  const usable = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw unusable(folder, error);
    }
  };
  try {
    usable(() => writeUpFile(folder.up, { pid: process.pid }));
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    announce: (addresses) => usable(() => writeUpFile(folder.up, { pid: process.pid, ...addresses })),
    [Symbol.dispose]() {
      try {
        removeUpFile(folder.up);
      } finally {
        database.close();
      }
    },
  };
}

function tryLock(folder: DataFolder): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder.root, { recursive: true });
    database = new DatabaseSync(folder.lock, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if (resultCode(error) === SQLITE_BUSY) return undefined;
    if (resultCode(error) === SQLITE_NOT_A_DATABASE) throw noLock(folder, error);
    throw unusable(folder, error);
  }
}

/** Whether a process holds the folder, without taking it; an error when that cannot be told. */
export function isLocked(folder: DataFolder): boolean | PinlakeError {
  if (!existsSync(folder.lock)) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(folder.lock, { readOnly: true, timeout: 0 });
    database.prepare("SELECT 1 FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return resultCode(error) === SQLITE_BUSY ? true : noLock(folder, error);
  } finally {
    database?.close();
  }
}

function noLock({ lock }: DataFolder, cause: unknown): PinlakeError {
  const reason = "it is no lock of Pinlake's; it holds no data, so remove it while no Pinlake runs on its folder";
  return new PinlakeError("STORAGE_FAILED", { path: lock, reason }, { cause });
}

function unusable(folder: DataFolder, error: unknown): PinlakeError {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EACCES: "it may not be written to",
    EPERM: "it may not be written to",
    EROFS: "its file system is read-only",
    ENOTDIR: "a part of its path is a file",
    EEXIST: "it is a file",
    ENOSPC: "no space is left",
  };
  return new PinlakeError(
    "FOLDER_UNUSABLE",
    { folder: folder.root, reason: known[code ?? ""] ?? message },
    { cause: error },
  );
}
