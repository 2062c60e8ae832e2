import { isPinlakeError } from "../../../errors.ts";
import type { ObjectInfo, ObjectStore } from "../../../store/object-store.ts";
import { type CommitActions, parseCommit } from "./actions.ts";
import { commitName, firstNameOf, LOG, type LogFile, parseLogName } from "./names.ts";
import type { CommitAt } from "./state.ts";

export interface StoredCommit extends CommitAt {
  readonly bytes: number;
  readonly actions: CommitActions;
}

export type ListedLogFile = LogFile & { readonly modifiedAtMs: number; readonly bytes: number };

/** The commit files of one table. */
export interface CommitLog {
  /** For messages. */
  readonly location: string;
  /** undefined when that version is not there. Who has listed it need not have it looked up again. Throws TABLE_CORRUPT. */
  read(version: number, listed?: Pick<ObjectInfo, "modifiedAtMs">): Promise<StoredCommit | undefined>;
  /** What a log compaction file says; undefined when it is not there or cannot be understood: its commits say the same. */
  readCompacted(name: string): Promise<CommitActions | undefined>;
  head(version: number): Promise<ObjectInfo | undefined>;
  /** Resolves false when that version exists already. */
  putIfAbsent(version: number, text: string): Promise<boolean>;
  /** What lies in the log from this version on, in order of version. */
  list(from?: number): AsyncIterable<ListedLogFile>;
}

export function openCommitLog({
  store,
  prefix,
  location,
}: {
  readonly store: ObjectStore;
  /** The table's folder, ending in a slash. */
  readonly prefix: string;
  readonly location: string;
}): CommitLog {
  return {
    location,
    async read(version, listed) {
      const key = prefix + commitName(version);
      try {
        const body = await store.get(key);
        const actions = parseCommit(body, { table: location, file: commitName(version) });
        const info = listed ?? (await store.head(key));
        return info === undefined
          ? undefined
          : { version, modifiedAtMs: info.modifiedAtMs, bytes: body.length, actions };
      } catch (error) {
        if (isPinlakeError(error, "OBJECT_NOT_FOUND")) return undefined;
        throw error;
      }
    },
    async readCompacted(name) {
      try {
        return parseCommit(await store.get(prefix + name), { table: location, file: name }, { once: true });
      } catch (error) {
        if (isPinlakeError(error, "OBJECT_NOT_FOUND") || isPinlakeError(error, "TABLE_CORRUPT")) return undefined;
        throw error;
      }
    },
    head: (version) => store.head(prefix + commitName(version)),
    putIfAbsent: (version, text) => store.putIfAbsent(prefix + commitName(version), new TextEncoder().encode(text)),
    async *list(from) {
      const startAfter = from === undefined ? {} : { startAfter: prefix + firstNameOf(from) };
      for await (const { key, modifiedAtMs, bytes } of store.list(prefix + LOG, startAfter)) {
        const file = parseLogName(key.slice(prefix.length));
        if (file !== undefined) yield { ...file, modifiedAtMs, bytes };
      }
    },
  };
}
