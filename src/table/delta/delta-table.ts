import { dirname } from "node:path";
import type { Clock } from "../../clock.ts";
import type { QueryEngine } from "../../engine/query-engine.ts";
import { PinlakeError } from "../../errors.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { Snapshot, SnapshotAt, Table } from "../table.ts";
import type { TableContext } from "./context.ts";
import { alter } from "./definition/alter.ts";
import { create } from "./definition/create.ts";
import { checkReadable, checkWritable } from "./definition/protocol.ts";
import { localFiles } from "./files/local-files.ts";
import { takingFiles } from "./files/rows.ts";
import { openCheckpoints } from "./log/checkpoint.ts";
import { begin, commit } from "./log/commit.ts";
import { openCommitLog } from "./log/commit-log.ts";
import { currentState } from "./log/current.ts";
import { history, versionAt } from "./log/history.ts";
import { loadState } from "./log/load.ts";
import { logCleanup } from "./log/log-cleanup.ts";
import { deletedFileRetentionMs, foreignCheckpoints, isCheckpointDue } from "./log/retention.ts";
import type { LoadedState } from "./log/state.ts";
import { snapshotOf, stateBehind } from "./snapshot.ts";
import { fsck } from "./upkeep/fsck.ts";
import { optimize } from "./upkeep/optimize.ts";
import { restore } from "./upkeep/restore.ts";
import { vacuum } from "./upkeep/vacuum.ts";
import { append } from "./write/append.ts";
import { deleteRows } from "./write/delete.ts";
import { merge } from "./write/merge.ts";
import { mergeInto } from "./write/merge-into.ts";
import { overwrite } from "./write/overwrite.ts";
import { replace } from "./write/replace.ts";
import { commitResult, NO_COUNTS, withConfiguration } from "./write/result.ts";
import { update } from "./write/update.ts";

export interface DeltaTableOptions {
  readonly store: ObjectStore;
  /** The table's folder in the store; empty when the store is that folder. */
  readonly prefix: string;
  /** Reads and writes checkpoints; rows come with sessions of their own. */
  readonly engine: QueryEngine;
  readonly clock: Clock;
  /** Who writes, for the table's history: `pinlake/1.2.3`. */
  readonly engineInfo: string;
  /** Nobody else writes to the table: then its store need not be one that puts conditionally (STORE_UNSAFE). */
  readonly singleWriter?: boolean;
  /** For copies of remote files. Default: the system's. */
  readonly tempFolder?: string;
  /**
   * Takes what is due after some commits, a checkpoint and the log's cleanup, to run it when it suits; it never rejects.
   * Default: the commit waits for it.
   */
  readonly later?: ((due: () => Promise<void>) => void) | undefined;
}

/** A Delta table (protocol versions 1 and 2, delta-io/delta PROTOCOL.md), whether it exists yet or not. */
export function openDeltaTable(options: DeltaTableOptions): Table & AsyncDisposable {
  const { store, engine, clock, engineInfo, tempFolder } = options;
  const prefix = options.prefix === "" || options.prefix.endsWith("/") ? options.prefix : `${options.prefix}/`;
  const local = store.localPath(`${prefix}_delta_log`);
  const location = local === undefined ? prefix.slice(0, -1) : dirname(local);
  const files = localFiles({ store, prefix, tempFolder });
  const log = openCommitLog({ store, prefix, location });
  const checkpoints = openCheckpoints({ store, prefix, location, engine, files });
  const current = currentState({ log, checkpoints });
  const cleanUp = logCleanup({ store, prefix, log });
  const shown = { files, location, countSession: () => engine.session() };

  const notFound = () => new PinlakeError("TABLE_NOT_FOUND", { table: location });

  async function newest(): Promise<LoadedState> {
    const state = await current.refresh();
    if (state === undefined) throw notFound();
    return state;
  }

  async function versionState(at: SnapshotAt): Promise<LoadedState> {
    const version = "version" in at ? at.version : await versionAt(log, at.timestampMs, await newest());
    const state =
      version === undefined
        ? undefined
        : ((await current.known(version)) ?? (await loadState({ log, checkpoints }, version)));
    if (state !== undefined) return state;
    throw new PinlakeError("TABLE_VERSION_NOT_FOUND", {
      table: location,
      version: "version" in at ? String(at.version) : `at ${new Date(at.timestampMs).toISOString()}`,
      latest: String((await newest()).version),
    });
  }

  const show = (state: LoadedState): Snapshot => {
    checkReadable(location, state.protocol, state.metaData);
    return snapshotOf(shown, state);
  };

  async function writeCheckpoint(state: LoadedState): Promise<void> {
    const expiredMs = clock.now() - deletedFileRetentionMs(state.metaData.configuration);
    const expired = [...state.tombstones.entries()].filter(
      ([, { deletionTimestamp }]) => (deletionTimestamp ?? 0) < expiredMs,
    );
    const tombstones = state.tombstones.with(expired.map(([key]) => [key, undefined]));
    await checkpoints.write({ ...state, tombstones });
  }

  function checkCommits(): void {
    if (!store.supports.conditionalPut && options.singleWriter !== true)
      throw new PinlakeError("STORE_UNSAFE", { table: location });
  }

  const context: TableContext = {
    store,
    prefix,
    location,
    clock,
    engineInfo,
    log,
    checkpoints,
    files,
    current,
    async stateOf(snapshot) {
      checkCommits();
      const state = snapshot === undefined ? await newest() : (stateBehind(snapshot) ?? (await versionState(snapshot)));
      checkReadable(location, state.protocol, state.metaData);
      return state;
    },
    async afterCommit(state) {
      if (!isCheckpointDue(state.metaData.configuration, state.version)) return;
      const due = async () => {
        try {
          await writeCheckpoint(state);
          await cleanUp(state, clock.now());
        } catch {
          // The commit stands without them, and the next one that is due tries again.
        }
      };
      if (options.later === undefined) await due();
      else options.later(due);
    },
  };

  return {
    location,
    async find() {
      const state = await current.refresh();
      return state && show(state);
    },
    snapshot: async (at) => show(at === undefined ? await newest() : await versionState(at)),
    async create(given) {
      checkCommits();
      return show(await create(context, given));
    },
    append: (rows, given = {}) => takingFiles(rows, () => append(context, rows, given)),
    overwrite: (rows, given = {}) => takingFiles(rows, () => overwrite(context, rows, given)),
    delete: async (given) => deleteRows(context, given),
    update: async (given) => update(context, given),
    merge: (rows, given) => takingFiles(rows, () => merge(context, rows, given)),
    mergeInto: async (rows, given) => mergeInto(context, rows, given),
    replace: (rows, given) => takingFiles(rows, () => replace(context, rows, given)),
    alter: async (change, given = {}) => alter(context, change, given),
    async touch({ operation, basedOn, txns = [], signal, metrics, ...given }) {
      const base = await begin(context, { txns, ...(basedOn && { basedOn }) });
      const after = await commit(context, {
        base,
        operation,
        metrics: metrics?.(NO_COUNTS) ?? {},
        reads: { kind: "nothing" },
        txns,
        metaData: withConfiguration(base.metaData, given),
        signal,
      });
      return commitResult(after.version, NO_COUNTS, {});
    },
    async *history({ limit } = {}) {
      yield* history(log, (await newest()).version, limit);
    },
    async checkpoint() {
      const state = await newest();
      checkWritable(location, state.protocol, state.metaData);
      const feature = foreignCheckpoints(state.metaData.configuration);
      if (feature !== undefined)
        throw new PinlakeError("TABLE_UNSUPPORTED", { table: location, feature: `${feature} (for checkpoints)` });
      await writeCheckpoint(state);
      await cleanUp(state, clock.now());
    },
    optimize: async (given) => optimize(context, given),
    vacuum: (given = {}) => vacuum(context, given),
    restore: async (given) => restore(context, await versionState(given.at), given),
    fsck: (given = {}) => fsck(context, given),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}
