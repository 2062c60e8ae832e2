import fs, { readlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/** Calls of `node:fs` that change something below a folder can be made to fail, in this process and for all of it. */
export interface FailingCalls extends Disposable {
  /** From now on calls below the folder are counted from 1, and `fails` says which of them fail, and how. */
  watch(folder: string, fails: (call: number) => "EIO" | "ENOSPC" | undefined): void;
  /** Calls since. */
  calls(): number;
  /** The last call that failed. */
  failed(): string | undefined;
}

type Call = (...args: unknown[]) => unknown;

/** What each changes: the place of a path, or of a file descriptor, among its arguments. */
const BY_PATH = ["openSync", "mkdirSync", "rmSync", "linkSync", "renameSync", "writeFileSync"] as const;
const BY_DESCRIPTOR = ["writeSync", "ftruncateSync", "fsyncSync"] as const;
const WITH_CALLBACK = ["write", "fdatasync", "fsync"] as const;
const PROMISED = ["open", "link", "rename", "unlink", "mkdir", "rm", "writeFile", "copyFile"] as const;
const OF_HANDLES = ["write", "writev", "sync", "datasync"] as const;

/** Must come before what it is to watch is loaded, as modules keep the functions that they import. */
export async function failingCalls(): Promise<FailingCalls> {
  let folder: string | undefined;
  let count = 0;
  let fails: (call: number) => string | undefined = () => undefined;
  let failed: string | undefined;
  const undo: (() => void)[] = [];

  /** The error that this call is to end with, if it is. */
  function verdict(name: string, place: string | undefined): Error | undefined {
    if (folder === undefined || place?.startsWith(folder) !== true) return undefined;
    const code = fails(++count);
    if (code === undefined) return undefined;
    failed = `${code} at call ${count}: ${name} ${place.slice(folder.length)}`;
    return Object.assign(new Error(failed), { code, errno: -1, syscall: name, path: place });
  }

  const pathOf = (fd: unknown): string | undefined => {
    try {
      return readlinkSync(`/proc/self/fd/${fd as number}`);
    } catch {
      return undefined;
    }
  };
  const isReading = (name: string, flags: unknown): boolean =>
    /^open/.test(name) && (flags === undefined || flags === "r" || (typeof flags === "number" && (flags & 3) === 0));

  function replace<O extends object>(object: O, names: readonly string[], make: (name: string, call: Call) => Call) {
    const members = object as Record<string, Call>;
    for (const name of names) {
      const original = members[name] as Call;
      members[name] = make(name, original);
      undo.push(() => {
        members[name] = original;
      });
    }
  }

  replace(fs, BY_PATH, (name, call) => (...args) => {
    const error = isReading(name, args[1]) ? undefined : verdict(name, String(args[0]));
    if (error !== undefined) throw error;
    return call(...args);
  });
  replace(fs, BY_DESCRIPTOR, (name, call) => (...args) => {
    const error = verdict(name, pathOf(args[0]));
    if (error !== undefined) throw error;
    return call(...args);
  });
  replace(fs, WITH_CALLBACK, (name, call) => (...args) => {
    const error = verdict(name, pathOf(args[0]));
    if (error === undefined) return call(...args);
    return void setImmediate(args.at(-1) as (error: Error) => void, error);
  });
  replace(fs.promises, PROMISED, (name, call) => async (...args) => {
    const error = isReading(name, args[1]) ? undefined : verdict(name, String(args[0]));
    if (error !== undefined) throw error;
    return call(...args);
  });
  await using handle = await open(import.meta.filename);
  replace(
    Object.getPrototypeOf(handle) as object,
    OF_HANDLES,
    (name, call) =>
      async function (this: { readonly fd: number }, ...args) {
        const error = verdict(name, pathOf(this.fd));
        if (error !== undefined) throw error;
        return call.apply(this, args);
      },
  );
  syncBuiltinESMExports();

  return {
    watch(where, when) {
      folder = where;
      fails = when;
      count = 0;
      failed = undefined;
    },
    calls: () => count,
    failed: () => failed,
    [Symbol.dispose]() {
      folder = undefined;
      for (const restore of undo) restore();
      syncBuiltinESMExports();
    },
  };
}
