import { dirname } from "node:path";
import { PinlakeError } from "../../errors.ts";
import { errnoOf, type FileCalls } from "./file-calls.ts";

export interface Folders {
  /** Makes a folder and what is missing above it, all durable. Throws as `check` does. */
  ensure(folder: string): Promise<void>;
  /**
   * Throws OBJECT_KEY_INVALID when a folder's path is not its own: a link stands in it, which could lead out of the
   * root, or the file system takes names that differ in case for one.
   */
  check(folder: string): Promise<void>;
  /** The folder was removed by somebody else: make it again next time. */
  forget(folder: string): void;
}

/** The folders below a root whose own path is free of links. */
export function foldersBelow(root: string, files: FileCalls): Folders {
  // A folder found in place may have been made by a process that died before syncing it, so each one's parent is
  // synced once in the life of this process.
  const durable = new Map<string, Promise<void>>();
  const looking = new Map<string, Promise<void>>();

  function ensure(folder: string): Promise<void> {
    const known = durable.get(folder);
    if (known !== undefined) return known;
    const made = make(folder);
    durable.set(folder, made);
    made.catch(() => durable.delete(folder));
    return made;
  }

  async function make(folder: string): Promise<void> {
    if (folder === root) return;
    const parent = dirname(folder);
    await ensure(parent);
    try {
      await files.mkdir(folder);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      await check(folder);
    }
    await files.syncFolder(parent);
  }

  /** Of many who ask at the same time one looks. A refusal is not shared: the folder may have been made since it began. */
  function check(folder: string): Promise<void> {
    const known = looking.get(folder);
    if (known !== undefined) return known.catch(() => look(folder));
    const looked = look(folder).finally(() => looking.delete(folder));
    looking.set(folder, looked);
    return looked;
  }

  async function look(folder: string): Promise<void> {
    const real = await files.realpath(folder);
    if (real === folder) return;
    const key = folder.slice(root.length + 1);
    throw new PinlakeError("OBJECT_KEY_INVALID", { key, reason: `on this file system it is ${real}` });
  }

  return {
    ensure,
    check,
    forget(folder) {
      for (let at = folder; at.length > root.length; at = dirname(at)) durable.delete(at);
    },
  };
}
