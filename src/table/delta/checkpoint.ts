import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import type { QueryEngine, QuerySession, SqlValue } from "../../engine/query-engine.ts";
import { isPinlakeError, PinlakeError } from "../../errors.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { AddFile, CommitActions, DomainMetadata, MetaData, Protocol, RemoveFile } from "./actions.ts";
import { CHECKPOINT_COLUMNS } from "./checkpoint-columns.ts";
import type { LocalFiles } from "./local-files.ts";
import { checkpointName, LAST_CHECKPOINT } from "./names.ts";
import type { LoadedState } from "./state.ts";

/** The checkpoints of one table: a version's whole state in one Parquet file, so that a reader need not replay. */
export interface Checkpoints {
  /** Throws TABLE_CORRUPT. */
  read(version: number): Promise<CommitActions>;
  /** Does nothing when that version has a checkpoint. */
  write(state: LoadedState): Promise<void>;
  /** The version of the newest checkpoint, as far as the hint file tells. */
  hint(): Promise<number | undefined>;
}

interface CheckpointRow {
  readonly txn: { readonly appId: string; readonly version: bigint } | null;
  readonly add: AddFile | null;
  readonly remove: RemoveFile | null;
  readonly metaData: MetaData | null;
  readonly protocol: Protocol | null;
  readonly domainMetadata: DomainMetadata | null;
}

const sessions = new WeakMap<QueryEngine, Promise<QuerySession>>();

/** One session per engine for this bookkeeping; it ends with the engine. */
function sessionOf(engine: QueryEngine): Promise<QuerySession> {
  const known = sessions.get(engine);
  if (known !== undefined) return known;
  const opened = engine.session({ threads: 1 });
  sessions.set(engine, opened);
  opened.catch(() => sessions.delete(engine));
  return opened;
}

export function openCheckpoints({
  store,
  prefix,
  location,
  engine,
  files,
}: {
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly location: string;
  readonly engine: QueryEngine;
  readonly files: LocalFiles;
}): Checkpoints {
  const corrupt = (version: number, reason: string, cause?: unknown) =>
    new PinlakeError("TABLE_CORRUPT", { table: location, file: checkpointName(version), reason }, { cause });

  async function readAll(path: string): Promise<CommitActions> {
    const session = await sessionOf(engine);
    const view = `checkpoint_${randomUUID()}`;
    try {
      await session.defineParquet(view, CHECKPOINT_COLUMNS, [{ path }]);
      const rows = (await session.rows(`SELECT * FROM ${session.quote(view)}`)) as unknown as CheckpointRow[];
      return actionsOf(rows);
    } finally {
      await session.execute(`DROP VIEW IF EXISTS ${session.quote(view)}`);
    }
  }

  async function writeValidated(state: LoadedState, path: string): Promise<{ rows: number; bytes: number }> {
    const session = await sessionOf(engine);
    const name = `checkpoint_${randomUUID()}`;
    const rows = checkpointRows(state);
    try {
      await session.defineRows(name, CHECKPOINT_COLUMNS, rows);
      const { bytes } = await session.writeParquet(`SELECT * FROM ${session.quote(name)}`, CHECKPOINT_COLUMNS, path);
      // A reader that trusts a bad checkpoint is lost, so what was written is read before anybody else can.
      const found = await readAll(path);
      const complete =
        found.protocol !== undefined &&
        found.metaData?.schemaString === state.metaData.schemaString &&
        found.adds.length === state.files.size &&
        found.removes.length === state.tombstones.size &&
        found.txns.length === state.txns.size &&
        found.domains.length === state.domains.size;
      if (!complete) throw corrupt(state.version, "it does not read back as it was written");
      return { rows: rows.length, bytes };
    } finally {
      await session.execute(`DROP TABLE IF EXISTS ${session.quote(name)}`);
    }
  }

  return {
    async read(version) {
      try {
        return await readAll(await files.path(checkpointName(version)));
      } catch (error) {
        if (isPinlakeError(error, "QUERY_FAILED")) throw corrupt(version, error.message, error);
        throw error;
      }
    },
    async write(state) {
      const path = await files.newPath();
      try {
        const { rows, bytes } = await writeValidated(state, path);
        if (!(await store.adoptFile(prefix + checkpointName(state.version), path))) return;
        const last = {
          version: state.version,
          size: rows,
          sizeInBytes: bytes,
          numOfAddFiles: state.files.size,
        };
        await store.put(prefix + LAST_CHECKPOINT, new TextEncoder().encode(JSON.stringify(last)));
      } finally {
        await rm(path, { force: true });
      }
    },
    async hint() {
      try {
        const text = new TextDecoder().decode(await store.get(prefix + LAST_CHECKPOINT));
        const { version } = JSON.parse(text) as { readonly version?: unknown };
        return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : undefined;
      } catch (error) {
        if (isPinlakeError(error, "OBJECT_NOT_FOUND") || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
  };
}

type Row = readonly SqlValue[];

function checkpointRows(state: LoadedState): Row[] {
  const row = (column: string, value: unknown): Row =>
    CHECKPOINT_COLUMNS.map(({ name }) => (name === column ? (value as SqlValue) : null));
  const rows = [row("protocol", state.protocol), row("metaData", state.metaData)];
  for (const txn of state.txns.values()) rows.push(row("txn", txn));
  for (const domain of state.domains.values()) rows.push(row("domainMetadata", domain));
  for (const remove of state.tombstones.values()) rows.push(row("remove", { ...remove, dataChange: false }));
  for (const add of state.files.values()) rows.push(row("add", { ...add, dataChange: false }));
  return rows;
}

function actionsOf(rows: readonly CheckpointRow[]): CommitActions {
  const kind = <K extends keyof CheckpointRow>(name: K) =>
    rows.flatMap((row) => (row[name] === null ? [] : [row[name] as NonNullable<CheckpointRow[K]>]));
  const [protocol] = kind("protocol");
  const [metaData] = kind("metaData");
  return {
    ...(protocol === undefined ? {} : { protocol: withoutNulls(protocol) }),
    ...(metaData === undefined ? {} : { metaData: numbers(metaData) }),
    adds: kind("add").map(numbers),
    removes: kind("remove").map(numbers),
    txns: kind("txn").map(({ appId, version }) => ({ appId, version })),
    domains: kind("domainMetadata"),
  };
}

const withoutNulls = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null)) as T;

/** Sizes and times come as 64-bit integers and fit a number. */
function numbers<T extends object>(value: T): T {
  const plain = (field: unknown): unknown =>
    typeof field === "bigint" ? Number(field) : isStruct(field) ? numbers(field) : field;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => (field === null ? [] : [[name, plain(field)]])),
  ) as T;
}

const isStruct = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
