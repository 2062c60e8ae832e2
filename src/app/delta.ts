import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../clock.ts";
import type { QueryEngine, QuerySession, SessionOptions, SqlRow, SqlValue } from "../engine/query-engine.ts";
import type { Column } from "../engine/schema.ts";
import { PinlakeError } from "../errors.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { ColumnRange, Rows, SnapshotAt, Table } from "../table/table.ts";
import { ENGINE_INFO, newEngine, openFolder } from "./drivers.ts";

/** What `pinlake/delta` gives: Delta tables without the pipeline around them. docs/guide/delta.md shows its use. */

export type { Clock } from "../clock.ts";
export type { QueryEngine, QuerySession, SessionOptions, SqlRow, SqlValue } from "../engine/query-engine.ts";
export { type Column, type DataType, type StructType, structType } from "../engine/schema.ts";
export { type ErrorCode, PinlakeError } from "../errors.ts";
export type { ObjectInfo, ObjectStore } from "../store/object-store.ts";
export type {
  AppendOptions,
  ColumnRange,
  Commit,
  CommitOptions,
  CreateOptions,
  DeleteOptions,
  FsckOptions,
  FsckReport,
  HistoryEntry,
  MergeIntoOptions,
  MergeOptions,
  MergeValues,
  MissingFile,
  OptimizeOptions,
  Progress,
  RestoreOptions,
  Rows,
  Snapshot,
  SnapshotAt,
  Table,
  TableFile,
  Txn,
  UpdateOptions,
  VacuumOptions,
} from "../table/table.ts";
export type { AddedColumn, NewConstraint, TableChange } from "../table/table-change.ts";

/** A folder of a store that is not a plain folder on this machine. The caller keeps the store, and closes it. */
export interface StoreFolder {
  readonly store: ObjectStore;
  /** The table's folder in the store. Default: the store itself. */
  readonly prefix?: string;
}

export interface OpenDeltaTableOptions {
  /** The caller's own, which the caller closes. Default: a DuckDB of this table's, closed with it. */
  readonly engine?: QueryEngine;
  /** For that DuckDB, such as `2GB`. Default: a share of this machine's. */
  readonly memory?: string;
  readonly threads?: number;
  /** Who writes, for the table's history. Default: `Pinlake`. */
  readonly engineInfo?: string;
  readonly clock?: Clock;
  /** Nobody else writes to the table: then its store need not be one that puts conditionally (STORE_UNSAFE). */
  readonly singleWriter?: boolean;
}

export interface ReadOptions {
  /** Which version. Default: the newest when reading begins; others' commits change nothing for who reads already. */
  readonly at?: SnapshotAt;
  /** A query over the table, which is called `t` in it. Default: `SELECT * FROM t`. */
  readonly sql?: string;
  /** Leaves out files that by their stats hold no row with values in all of these ranges; which rows to give is for `sql` to say. */
  readonly within?: readonly ColumnRange[];
  readonly signal?: AbortSignal;
}

/** A table with versions, and sessions in which its rows are read and made. `await using` closes it. */
export interface DeltaTable extends Table, AsyncDisposable {
  /** A place to run SQL: rows on their way in, snapshots that are to be queried together. It ends with the table at the latest. */
  session(options?: SessionOptions): Promise<QuerySession>;
  /**
   * Rows as objects, without holding all of them: 64-bit integers as bigint, timestamps as bigint in microseconds since
   * the epoch, dates as `YYYY-MM-DD`, decimals as text. Throws TABLE_NOT_FOUND, TABLE_VERSION_NOT_FOUND,
   * TABLE_UNSUPPORTED, TABLE_FILES_MISSING, TABLE_CORRUPT, QUERY_FAILED.
   */
  read(options?: ReadOptions): AsyncIterable<SqlRow>;
}

/**
 * A Delta table, whether it exists yet or not: in a folder of this machine (a path or a `file:` URL; a folder that is
 * not there is made), or in a store of the caller's. Any number of processes may write to it at the same time.
 * Throws USAGE for a URL of another kind, FOLDER_UNUSABLE, DRIVER_MISSING.
 */
export async function openDeltaTable(
  where: string | URL | StoreFolder,
  options: OpenDeltaTableOptions = {},
): Promise<DeltaTable> {
  const { memory, threads, engineInfo = ENGINE_INFO, clock = systemClock, singleWriter = false } = options;
  await using parts = new AsyncDisposableStack();
  const engine = options.engine ?? parts.use(await newEngine({ memory, threads, tempFolder: tmpdir() }));
  const given = typeof where === "object" && "store" in where;
  const store = given ? where.store : parts.use(await openFolder(folderOf(where)));
  const { openDeltaTable: open } = await import("../table/delta/delta-table.ts");
  const prefix = given ? (where.prefix ?? "") : "";
  const table = parts.use(open({ store, prefix, engine, clock, engineInfo, singleWriter }));
  const kept = parts.move();
  return {
    ...table,
    session: (session) => engine.session(session),
    async *read({ at, sql = "SELECT * FROM t", within, signal } = {}) {
      const running = signal === undefined ? {} : { signal };
      const snapshot = await table.snapshot(at);
      await using session = await engine.session();
      const files = within && snapshot.filesWithin(within).map(({ path }) => path);
      await snapshot.define(session, "t", files === undefined ? running : { ...running, files });
      for await (const { columns, rows } of session.batches(sql, running))
        for (const row of rows) yield Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null]));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * Objects as rows on their way into a table: fields by name, those that are missing NULL, in the units that `read` gives.
 * They are held in the session until it is closed.
 */
export async function rowsFrom(
  session: QuerySession,
  columns: readonly Column[],
  objects: readonly Readonly<Record<string, SqlValue | undefined>>[],
): Promise<Rows> {
  const name = `rows_${randomUUID()}`;
  const values = objects.map((object) => columns.map((column) => object[column.name] ?? null));
  await session.defineRows(name, columns, values);
  return { session, sql: `SELECT * FROM ${session.quote(name)}` };
}

function folderOf(where: string | URL): string {
  const text = String(where);
  if (/^file:/i.test(text)) return fileURLToPath(text);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text))
    throw new PinlakeError("USAGE", {
      message: `${text} is no folder of this machine: give the table's store and prefix instead.`,
    });
  return resolve(text);
}
