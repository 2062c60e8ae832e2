import { randomUUID } from "node:crypto";
import { isPinlakeError, PinlakeError } from "../../../errors.ts";
import { backoffMs } from "../../../retry.ts";
import type { CommitOptions, Txn } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { defined } from "../definition/definition.ts";
import { checkWritable } from "../definition/protocol.ts";
import type { NewFiles } from "../files/new-files.ts";
import {
  type AddFile,
  type CommitActions,
  formatCommit,
  type MetaData,
  type Protocol,
  type RemoveFile,
} from "./actions.ts";
import type { StoredCommit } from "./commit-log.ts";
import { timed } from "./commit-times.ts";
import { conflictFound, type IsolationLevel, type Reads } from "./conflict.ts";
import { commitName } from "./names.ts";
import type { LoadedState } from "./state.ts";

/** A change that is ready but for its version: its data files are written and synced. */
export interface Change {
  /** The version that it rests on. */
  readonly base: LoadedState;
  readonly operation: string;
  readonly operationParameters?: Readonly<Record<string, unknown>>;
  readonly metrics?: Readonly<Record<string, string | number>>;
  readonly reads: Reads;
  /** Rows stay what they are (OPTIMIZE); conflicts are judged more mildly. */
  readonly onlyMoves?: boolean;
  /** Nothing that others did meanwhile may have changed what this is about, blind appends included. */
  readonly serializable?: boolean;
  readonly files?: NewFiles;
  /** Files that were there before: unlike new ones they stay when the commit fails. */
  readonly adds?: readonly AddFile[];
  readonly removes?: readonly RemoveFile[];
  readonly txns?: readonly Txn[];
  /** When the definition changes. The protocol follows from it. */
  readonly metaData?: MetaData | undefined;
  readonly signal?: AbortSignal | undefined;
}

const BACKOFF = { attempts: 200, firstDelayMs: 2, maxDelayMs: 250 };

/**
 * Makes a change the next version. When others committed meanwhile it follows them, unless one conflicts: then
 * TABLE_CONFLICT. Resolves when the commit is durable.
 */
export async function commit(context: TableContext, given: Change): Promise<LoadedState> {
  const change = checked(context, given);
  const txnId = randomUUID();
  const actions = actionsOf(context, change, txnId);
  let seen = change.base.version;
  for (let attempt = 1; attempt <= BACKOFF.attempts; attempt++) {
    change.signal?.throwIfAborted();
    const before = await newest(context, change.base);
    if (before.version > seen) await checkWinners(context, change, actions, seen);
    checkTxns(context, before, change.txns ?? []);
    seen = before.version;
    change.files?.outcomeUnknown(true);
    const next = timed(actions, before, context.clock.now());
    const outcome = await putCommit(context, before.version + 1, next, txnId);
    if (outcome.kind === "won") {
      const after = context.current.learn(outcome.commit, before);
      await context.afterCommit(after);
      return after;
    }
    change.files?.outcomeUnknown(outcome.kind === "failed" && !outcome.nothingWritten);
    if (outcome.kind === "failed") throw outcome.error;
    if (attempt > 1) await context.clock.sleep(backoffMs(BACKOFF, attempt - 1), change.signal);
  }
  throw new PinlakeError("TABLE_CONFLICT", {
    table: context.location,
    version: String(seen),
    reason: `${BACKOFF.attempts} attempts in a row were overtaken`,
  });
}

/**
 * The version that a write is to rest on. Throws TABLE_NOT_FOUND, TABLE_UNSUPPORTED where we cannot write to it, and
 * TABLE_CONFLICT where it has the write's txns.
 */
export async function begin(
  context: TableContext,
  { basedOn, txns = [] }: Pick<CommitOptions, "basedOn" | "txns">,
): Promise<LoadedState> {
  const base = await context.stateOf(basedOn);
  checkWritable(context.location, base.protocol, base.metaData);
  checkTxns(context, base, txns);
  return base;
}

/** Throws TABLE_CONFLICT when the table already has one of these txns at its version or above. */
export function checkTxns({ location }: TableContext, state: LoadedState, txns: readonly Txn[]): void {
  for (const { appId, version } of txns) {
    const stored = state.txns.get(appId)?.version;
    if (stored === undefined || stored < version) continue;
    const reason = `it has the txn ${appId} at ${stored}, this commit carries ${version}`;
    throw new PinlakeError("TABLE_CONFLICT", { table: location, version: String(state.version), reason });
  }
}

async function newest({ current, location }: TableContext, base: LoadedState): Promise<LoadedState> {
  const state = await current.refresh();
  if (state === undefined) throw new PinlakeError("TABLE_NOT_FOUND", { table: location });
  if (state.metaData.id === base.metaData.id && state.version >= base.version) return state;
  const reason = "the table was made anew since this commit was begun";
  throw new PinlakeError("TABLE_CONFLICT", { table: location, version: String(state.version), reason });
}

async function checkWinners(
  context: TableContext,
  change: Change,
  actions: CommitActions,
  since: number,
): Promise<void> {
  const conflict = (version: number, reason: string) =>
    new PinlakeError("TABLE_CONFLICT", { table: context.location, version: String(version), reason });
  const winners = await context.current.since(since);
  if (winners === undefined) throw conflict(since, "the commits after it are no longer in the log");
  const isolation = isolationOf(change, change.base.metaData);
  for (const winner of winners) {
    const reason = await conflictFound(winner.actions, { reads: change.reads, isolation, actions });
    if (reason !== undefined) throw conflict(winner.version, reason);
  }
}

function isolationOf({ onlyMoves, serializable }: Change, { configuration }: MetaData): IsolationLevel {
  if (onlyMoves) return "SnapshotIsolation";
  return serializable || configuration["delta.isolationLevel"] === "Serializable"
    ? "Serializable"
    : "WriteSerializable";
}

type CheckedChange = Change & { readonly protocol: Protocol | undefined };

function checked({ location }: TableContext, change: Change): CheckedChange {
  const { base, removes = [] } = change;
  if (removes.some(({ dataChange }) => dataChange)) checkMayRemove({ location }, base.metaData);
  if (change.metaData === undefined) {
    checkWritable(location, base.protocol, base.metaData);
    return { ...change, protocol: undefined };
  }
  const { metaData, protocol } = defined(location, change.metaData, base);
  return { ...change, metaData, protocol: protocol === base.protocol ? undefined : protocol };
}

/** Throws TABLE_UNSUPPORTED for a table whose rows stay. */
export function checkMayRemove({ location }: Pick<TableContext, "location">, { configuration }: MetaData): void {
  if (configuration["delta.appendOnly"]?.toLowerCase() !== "true") return;
  const feature = "delta.appendOnly: rows cannot be removed";
  throw new PinlakeError("TABLE_UNSUPPORTED", { table: location, feature });
}

function actionsOf({ clock, engineInfo }: TableContext, change: CheckedChange, txnId: string): CommitActions {
  const { base, reads, removes = [], txns = [], metaData, protocol } = change;
  const adds = [...(change.adds ?? []), ...(change.files?.adds ?? [])];
  const nowMs = clock.now();
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(metaData === undefined ? {} : { metaData }),
    adds,
    removes,
    txns: txns.map((txn) => ({ ...txn, lastUpdated: nowMs })),
    domains: [],
    changes: change.files?.changes ?? [],
    commitInfo: {
      timestamp: nowMs,
      operation: change.operation,
      operationParameters: change.operationParameters ?? {},
      operationMetrics: Object.fromEntries(
        Object.entries(change.metrics ?? {}).map(([name, value]) => [name, String(value)]),
      ),
      readVersion: base.version,
      isolationLevel: isolationOf(change, metaData ?? base.metaData),
      isBlindAppend: reads.kind === "nothing" && removes.length === 0 && adds.length > 0 && metaData === undefined,
      engineInfo,
      txnId,
    },
  };
}

export type PutOutcome =
  | { readonly kind: "won"; readonly commit: StoredCommit }
  /** That version is another commit. */
  | { readonly kind: "lost" }
  | { readonly kind: "failed"; readonly error: unknown; readonly nothingWritten: boolean };

/**
 * Puts a commit at a version. An answer may get lost, and a client may repeat by itself a call that had worked: so
 * after an error, and also when the version exists, the txnId tells whose it is.
 */
export async function putCommit(
  { log }: Pick<TableContext, "log">,
  version: number,
  actions: CommitActions,
  txnId: string,
): Promise<PutOutcome> {
  const text = formatCommit(actions);
  let failure: { readonly error: unknown } | undefined;
  try {
    if (await log.putIfAbsent(version, text)) {
      const info = await log.head(version);
      if (info !== undefined) return { kind: "won", commit: { ...info, version, actions } };
    }
  } catch (error) {
    failure = { error };
  }
  const found = await log.read(version);
  if (found?.actions.commitInfo?.txnId === txnId) return { kind: "won", commit: found };
  if (found !== undefined) return { kind: "lost" };
  const error = failure?.error ?? missing(log.location, version);
  return { kind: "failed", error, nothingWritten: failure !== undefined && writesNothing(failure.error) };
}

const missing = (table: string, version: number) =>
  new PinlakeError("TABLE_CORRUPT", { table, file: commitName(version), reason: "it was there and is gone" });

/** The store's word that nothing was left behind. */
const writesNothing = (error: unknown): boolean =>
  isPinlakeError(error, "STORAGE_FULL") || isPinlakeError(error, "STORAGE_FAILED");
