import { join } from "node:path";
import { compareKeys, isKey } from "../object-key.ts";
import type { ListOptions, ObjectInfo } from "../object-store.ts";
import { errnoOf, type FileCalls } from "./file-calls.ts";
import { TEMP_FOLDER } from "./temp-files.ts";

/** Files asked for their size at a time. */
const STAT_BATCH = 64;

/** Objects below a root in byte order of their keys. Only folders that can hold such keys are opened. */
export function listFiles(
  root: string,
  files: FileCalls,
  prefix: string,
  options: ListOptions = {},
): AsyncIterable<ObjectInfo> {
  const { startAfter, signal } = options;

  /** A folder's keys all begin with `folderKey`, which ends in a slash: that decides its place in the order. */
  const folderMatters = (folderKey: string) =>
    (folderKey.startsWith(prefix) || prefix.startsWith(folderKey)) &&
    (startAfter === undefined || startAfter.startsWith(folderKey) || compareKeys(folderKey, startAfter) > 0);
  const fileMatters = (key: string) =>
    key.startsWith(prefix) && (startAfter === undefined || compareKeys(key, startAfter) > 0);

  async function* walk(folderKey: string): AsyncGenerator<ObjectInfo> {
    signal?.throwIfAborted();
    const keys = await keysIn(folderKey);
    for (let at = 0; at < keys.length; ) {
      signal?.throwIfAborted();
      const first = keys[at] as string;
      if (first.endsWith("/")) {
        yield* walk(first);
        at++;
        continue;
      }
      const found = keys.slice(at, at + STAT_BATCH);
      const nextFolder = found.findIndex((key) => key.endsWith("/"));
      const batch = nextFolder === -1 ? found : found.slice(0, nextFolder);
      for (const info of await Promise.all(batch.map(infoOf))) if (info !== undefined) yield info;
      at += batch.length;
    }
  }

  async function keysIn(folderKey: string): Promise<string[]> {
    try {
      const entries = await files.readdir(join(root, folderKey), { withFileTypes: true });
      const keys: string[] = [];
      for (const entry of entries) {
        const key = folderKey + entry.name;
        if (entry.isFile() && fileMatters(key)) keys.push(key);
        else if (entry.isDirectory() && key !== TEMP_FOLDER && folderMatters(`${key}/`)) keys.push(`${key}/`);
      }
      return keys.sort(compareKeys);
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
      throw error;
    }
  }

  async function infoOf(key: string): Promise<ObjectInfo | undefined> {
    try {
      const { size, mtimeMs } = await files.lstat(join(root, key));
      return { key, bytes: size, modifiedAtMs: Math.floor(mtimeMs) };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  async function* start(): AsyncGenerator<ObjectInfo> {
    const deepest = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    if (deepest !== "" && !(await canHoldObjects(deepest.slice(0, -1)))) return;
    yield* walk(deepest);
  }

  /** A prefix that no key can have, or that leads over a link, must not open folders elsewhere. */
  async function canHoldObjects(folder: string): Promise<boolean> {
    const path = join(root, folder);
    return isKey(folder) && (await files.realpath(path).catch(() => undefined)) === path;
  }

  return start();
}
