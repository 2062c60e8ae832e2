import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { FileCalls } from "./file-calls.ts";

/** In the root itself, so that a finished file is linked and renamed within one file system. Never listed. */
export const TEMP_FOLDER = ".pinlake-tmp";

const LEFT_BEHIND_AFTER_MS = 3600 * 1000;

/** `<pid>-<random>`: unique, and telling whose it is. */
export function tempPath(root: string): string {
  return join(root, TEMP_FOLDER, `${process.pid}-${randomBytes(9).toString("hex")}`);
}

/** Removes what processes that are gone left an hour ago or more. Whatever cannot be removed stays. */
export async function removeLeftBehind(root: string, files: FileCalls, nowMs: number): Promise<void> {
  const folder = join(root, TEMP_FOLDER);
  const names = await files.readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = Number(/^([0-9]+)-/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    const path = join(folder, name);
    const info = await files.lstat(path).catch(() => undefined);
    if (info === undefined || nowMs - info.mtimeMs < LEFT_BEHIND_AFTER_MS) continue;
    await files.unlink(path).catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
