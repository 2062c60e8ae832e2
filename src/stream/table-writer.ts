import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import {
  type CleanCounts,
  type CleanedRecords,
  type Cleaning,
  foreignMarkers,
  type GoodRecord,
  openCleaning,
} from "../engine/clean.ts";
import { QUARANTINE_COLUMNS } from "../engine/quarantine-columns.ts";
import type { QueryEngine, QuerySession } from "../engine/query-engine.ts";
import { isPinlakeError, PinlakeError } from "../errors.ts";
import { openCleanTable } from "../quarantine/clean-table.ts";
import { progressAppId, txnsBeyond } from "../quarantine/progress.ts";
import type { Quarantine } from "../quarantine/quarantine.ts";
import { addTotals, readTotals, type Totals, totalsMetrics } from "../quarantine/totals.ts";
import type { Commit, JoinedFiles, OperationCounts, Snapshot, Table, TableFile } from "../table/table.ts";
import type { Cut } from "./feed.ts";
import type { KeyIndex } from "./key-index.ts";
import { comparableKey, keysInOrder, loadKeyIndex } from "./load-key-index.ts";
import { type CleanKey, type MicroBatchPlan, planMicroBatch, rowsByFile } from "./micro-batch.ts";
import type { JoinTarget } from "./upkeep.ts";

export interface TableWriterOptions {
  readonly table: Table;
  readonly quarantine: Quarantine;
  readonly dataset: Dataset;
  readonly datasets: readonly Dataset[];
  readonly engine: QueryEngine;
  readonly tempFolder: string;
  readonly clock: Clock;
  /** Table properties, of tables that are there already too. */
  readonly configuration: Readonly<Record<string, string>>;
}

export interface JoinOptions {
  readonly takeTurn: () => Promise<Disposable>;
  readonly signal?: AbortSignal;
}

/** What a clean table is at the version that the writer knows. */
export interface TableState {
  readonly snapshot: Snapshot;
  readonly index: KeyIndex;
  readonly totals: Totals;
}

/** The clean table of one dataset, written micro-batch by micro-batch. One call at a time. */
export interface TableWriter extends AsyncDisposable {
  /**
   * Looks at the table and knows its keys again, if it is another version than the last one known.
   * Throws DEFINITION_CHANGED, REBUILD_UNFINISHED.
   */
  load(): Promise<TableState>;
  /**
   * Stores a micro-batch that begins where the known version ends: its quarantined records first, then its rows, in
   * one commit that also says how far it goes. Throws TABLE_CONFLICT when somebody else has committed: load again.
   */
  write(cut: Cut): Promise<CleanCounts>;
  /**
   * Joins small files into one, beside other calls: `takeTurn` resolves when no other is under way, and only what it
   * gives is held for the commit. False when the table changed meanwhile such that the joined file was for nothing.
   */
  joinFiles(target: JoinTarget, options: JoinOptions): Promise<boolean>;
  /** The same for the quarantine, which the other datasets' streams write and tidy as well. False: nothing to do. */
  joinQuarantine(
    target: (files: readonly TableFile[]) => JoinTarget | undefined,
    options?: { readonly signal?: AbortSignal },
  ): Promise<boolean>;
  /** Somebody else may have committed: whoever writes next loads first. */
  forget(): void;
  /** What the table is now; undefined when somebody else may have committed since. */
  state(): TableState | undefined;
  /** The last that was known of it. */
  lastState(): TableState | undefined;
}

export const rebuildCommand = (dataset: string): string => `pinlake stream rebuild ${dataset}`;

const BAD = "bad_rows";
const NOTHING: CleanedRecords = {
  counts: { events: 0, rows: 0, quarantined: 0, tombstones: 0, warnings: {} },
  good: [],
  bad: [],
};

/** A row that another replaces is marked where it lies: what a micro-batch costs follows its rows, not the files they touch. */
const MARKED_ROWS = { "delta.enableDeletionVectors": "true" };

export function openTableWriter(options: TableWriterOptions): TableWriter {
  const configuration = { ...options.configuration, ...MARKED_ROWS };
  const { table, quarantine, dataset, engine, tempFolder, clock } = options;
  const foreign = foreignMarkers(dataset, options.datasets);
  let opened: Promise<{ readonly session: QuerySession; readonly cleaning: Cleaning }> | undefined;
  let known: TableState | undefined;
  /** False while the outcome of a commit is open: the index may then be another version's. */
  let current = false;

  const working = () => {
    opened ??= engine
      .session({ threads: 1, tempFolder })
      .then((session) => ({ session, cleaning: openCleaning(session, dataset, foreign) }));
    return opened;
  };

  /** A session of its own: in the writer's, a micro-batch would wait for the join. */
  let joining: Promise<QuerySession> | undefined;
  const joiningSession = () => {
    joining ??= engine.session({ threads: 1, tempFolder });
    return joining;
  };

  const newPath = () => join(tempFolder, `${randomUUID()}.parquet`);

  async function load(): Promise<TableState> {
    const snapshot = await withProperties(
      await openCleanTable({ ...options, configuration, rebuildCommand: rebuildCommand(dataset.name) }),
    );
    if (known?.snapshot.version !== snapshot.version) {
      const { session } = await working();
      const mend = `"${rebuildCommand(dataset.name)}"`;
      const index = await loadKeyIndex(table, snapshot, { key: dataset.key, session, mend });
      known = { snapshot, index, totals: await readTotals(table, snapshot.version) };
    }
    current = true;
    return known;
  }

  /** The table with the properties that it would be made with today. */
  async function withProperties(snapshot: Snapshot): Promise<Snapshot> {
    if (Object.entries(configuration).every(([name, value]) => snapshot.configuration[name] === value)) return snapshot;
    const totals = await readTotals(table, snapshot.version);
    const metrics = () => totalsMetrics(totals);
    await table.touch({ basedOn: snapshot, operation: "SET TBLPROPERTIES", configuration, metrics });
    return table.snapshot();
  }

  /** Everything after this commit: the same table one version on, unless somebody else's commits are in between. */
  async function goOn(before: TableState, commit: Commit, totals: Totals): Promise<void> {
    const snapshot = await table.snapshot({ version: commit.version });
    current = commit.version === before.snapshot.version + 1;
    known = current ? { snapshot, index: before.index, totals } : undefined;
  }

  async function write(cut: Cut): Promise<CleanCounts> {
    const before = current && known !== undefined ? known : await load();
    const { session, cleaning } = await working();
    const { counts, good, bad } =
      cut.records === 0 ? NOTHING : await cleaning.decide(cut.inputs, { nowMs: clock.now() });
    if (bad.length > 0) {
      await session.defineRows(BAD, QUARANTINE_COLUMNS, bad);
      await quarantine.append({ dataset: dataset.name, rows: { session, name: BAD }, taken: cut.taken });
    }
    const plan = planMicroBatch(
      good.map((record) => ({ ...record, key: comparableKey(record.key) })),
      before.index,
    );
    let totals = before.totals;
    const commitOptions = {
      basedOn: before.snapshot,
      txns: txnsBeyond(
        before.snapshot,
        cut.taken.map(({ topic, partition, next }) => ({
          appId: progressAppId("stream", topic, partition),
          version: next,
        })),
      ),
      metrics: (counted: OperationCounts) => {
        agree(plan, counted, dataset);
        const superseded = plan.losers + counted.replaced + counted.kept;
        totals = addTotals(before.totals, { superseded, tombstones: counts.tombstones });
        return totalsMetrics(totals);
      },
    };
    current = false;
    const commit =
      plan.winners.length === 0
        ? await table.touch({ ...commitOptions, operation: "STREAMING UPDATE" })
        : await table.replace(
            { session, files: [await cleaning.write(plan.winners, newPath())] },
            { ...commitOptions, leaving: rowsByFile(plan.replaced) },
          );
    follow(before.index, commit, plan.winners);
    await goOn(before, commit, totals);
    // Rows that were written anew may lie anywhere in their new file.
    if (commit.removed.some(({ movedTo }) => movedTo !== undefined)) [known, current] = [undefined, false];
    return counts;
  }

  async function joinFiles(target: JoinTarget, { takeTurn, signal }: JoinOptions): Promise<boolean> {
    if (!current || known === undefined) return false;
    const basedOn = known.snapshot;
    const session = await joiningSession();
    try {
      await table.optimize({
        session,
        basedOn,
        ...target,
        maxFiles: 1,
        metrics: () => totalsMetrics((known as TableState).totals),
        commitWhen: (joined) => swap(joined, takeTurn),
        ...(signal && { signal }),
      });
      return true;
    } catch (error) {
      if (!isPinlakeError(error, "TABLE_CONFLICT")) throw error;
      return false;
    }
  }

  /** Between two micro-batches: the table and the index then know the rows' new file before anything is decided again. */
  async function swap(joined: JoinedFiles, takeTurn: () => Promise<Disposable>): Promise<Commit> {
    const [file, another] = joined.files;
    if (file === undefined || another !== undefined)
      throw new PinlakeError("INTERNAL", { reason: `joining made ${joined.files.length} files of ${table.location}` });
    const index = known?.index;
    if (index === undefined) throw overtaken(table);
    const keys = await keysInOrder(joined, file.path, { key: dataset.key, session: await joiningSession(), index });
    using _turn = await takeTurn();
    const before = known;
    // Another index knows the keys by other numbers.
    if (!current || before?.index !== index) throw overtaken(table);
    current = false;
    try {
      const rows = before.index.replacedIn(joined.from, keys);
      const done = await joined.commit({ file: file.path, rows });
      before.index.joined(joined.from, file.path, keys);
      await goOn(before, done, before.totals);
      return done;
    } catch (error) {
      // Nothing was committed, so what is known of the table holds as before.
      if (isPinlakeError(error, "TABLE_CONFLICT")) current = true;
      throw error;
    }
  }

  async function joinQuarantine(
    targetOf: (files: readonly TableFile[]) => JoinTarget | undefined,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const basedOn = await quarantine.table.find();
    const target = targetOf(basedOn?.files ?? []);
    if (basedOn === undefined || target === undefined) return false;
    try {
      await quarantine.table.optimize({ ...options, session: await joiningSession(), basedOn, ...target, maxFiles: 1 });
    } catch (error) {
      if (!isPinlakeError(error, "TABLE_CONFLICT")) throw error; // another stream was quicker
    }
    return true;
  }

  return {
    load,
    write,
    joinFiles,
    joinQuarantine,
    forget: () => {
      current = false;
    },
    state: () => (current ? known : undefined),
    lastState: () => known,
    async [Symbol.asyncDispose]() {
      await (await opened)?.session[Symbol.asyncDispose]();
      await (await joining)?.[Symbol.asyncDispose]();
    },
  };
}

const overtaken = ({ location }: Table) =>
  new PinlakeError("TABLE_CONFLICT", {
    table: location,
    version: "unknown",
    reason: "somebody else may have committed while files were joined",
  });

/** Each winner must have become a row: the index will look for it by its number among them. */
function agree({ winners }: MicroBatchPlan<GoodRecord>, counted: OperationCounts, dataset: Dataset): void {
  const written = counted.inserted + counted.replaced;
  if (written === winners.length) return;
  throw new PinlakeError("INTERNAL", {
    reason: `${winners.length} records of "${dataset.name}" were to become rows, and ${written} rows were written.`,
  });
}

/** Keeps the index at the table's newest version: rows were marked where they lie, and what was stored is in the file that is new. */
function follow(index: KeyIndex, { rowsFile, removed }: Commit, stored: readonly CleanKey[]): void {
  for (const { path } of removed) index.fileGone(path);
  if (rowsFile === undefined) return;
  for (const [row, { key, position }] of stored.entries()) index.set(key, { position, file: rowsFile, row });
}
