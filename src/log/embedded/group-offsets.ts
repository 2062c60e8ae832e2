import { existsSync } from "node:fs";
import { openSqlite, resultCode } from "../../sqlite-file.ts";
import { storageError } from "../../storage-error.ts";
import type { GroupOffsets } from "../record-storage.ts";

interface Pending {
  readonly place: string;
  readonly values: readonly [group: string, topic: string, partition: number];
  readonly next: bigint | null;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Group offsets in an SQLite file. Commits of one turn of the event loop share a transaction, which is synced. */
export function sqliteGroupOffsets(file: string, options: { readonly readOnly: boolean }): GroupOffsets {
  if (options.readOnly && !existsSync(file)) return noOffsets;
  const database = openSqlite(file, options);
  if (!options.readOnly)
    database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS group_offsets (
      group_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
      PRIMARY KEY (group_name, topic, partition)
    ) WITHOUT ROWID, STRICT;`);
  else if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'group_offsets'").get() === undefined) {
    database.close();
    return noOffsets;
  }
  const upsert = database.prepare("INSERT OR REPLACE INTO group_offsets VALUES (?, ?, ?, ?)");
  const forget = database.prepare("DELETE FROM group_offsets WHERE group_name = ? AND topic = ? AND partition = ?");
  const all = database.prepare("SELECT group_name, topic, partition, next_offset FROM group_offsets");
  all.setReadBigInts(true);

  const place = (group: string, topic: string, partition: number) => JSON.stringify([group, topic, partition]);
  const committed = new Map<string, bigint>();
  for (const row of all.all())
    committed.set(
      place(String(row.group_name), String(row.topic), Number(row.partition)),
      BigInt(row.next_offset as bigint),
    );

  let pending: Pending[] = [];

  /** Ends a transaction that failed; if that fails too, the next one tries again first. */
  function rollBack(): void {
    if (database.isTransaction) database.exec("ROLLBACK");
  }

  function store(): void {
    const now = pending;
    pending = [];
    if (now.length === 0) return;
    try {
      rollBack();
      database.exec("BEGIN IMMEDIATE");
      for (const { values, next } of now) {
        if (next === null) forget.run(...values);
        else upsert.run(...values, next);
      }
      database.exec("COMMIT");
    } catch (error) {
      for (const { reject } of now) reject(sqliteError(error, file));
      try {
        rollBack();
      } catch {}
      return;
    }
    for (const { place, next, resolve } of now) {
      if (next === null) committed.delete(place);
      else committed.set(place, next);
      resolve();
    }
  }

  return {
    commit: (group, topic, partition, next) =>
      new Promise((resolve, reject) => {
        if (pending.length === 0) setImmediate(store);
        pending.push({
          place: place(group, topic, partition),
          values: [group, topic, partition],
          next,
          resolve,
          reject,
        });
      }),
    committed: (group, topic, partition) => committed.get(place(group, topic, partition)),
    [Symbol.dispose]() {
      store();
      database.close();
    },
  };
}

const noOffsets: GroupOffsets = {
  commit: async () => {},
  committed: () => undefined,
  [Symbol.dispose]: () => {},
};

const SQLITE_FULL = 13;

function sqliteError(error: unknown, file: string): Error {
  const full = resultCode(error) === SQLITE_FULL;
  return storageError(full ? Object.assign(new Error("full", { cause: error }), { code: "ENOSPC" }) : error, file);
}
