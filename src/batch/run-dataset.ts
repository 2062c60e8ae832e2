import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../define/dataset.ts";
import type { CleanedFiles } from "../engine/clean-files.ts";
import { keepNewestInFiles } from "../engine/newest.ts";
import type { ParquetFile, QueryEngine, QuerySession, SessionOptions } from "../engine/query-engine.ts";
import { isPinlakeError } from "../errors.ts";
import {
  cleanSchema,
  createCleanTable,
  DEFINITION_PROPERTY,
  NEWER_THAN_STORED,
  openCleanTable,
} from "../quarantine/clean-table.ts";
import { nextOffset, progressAppId, type Taken, takenBy, txnsBeyond } from "../quarantine/progress.ts";
import { type Quarantine, REBUILD_PROPERTY } from "../quarantine/quarantine.ts";
import { addTotals, readTotals, type Totals, totalsMetrics } from "../quarantine/totals.ts";
import { retry } from "../retry.ts";
import type { CommitOptions, OperationCounts, Snapshot, Table } from "../table/table.ts";
import { BAD, type CleaningParts, cleanObjects } from "./clean-objects.ts";
import { damaged, planTake, type Take, takes } from "./take.ts";

export interface DatasetRunOptions {
  /** Makes the table again from every object instead of adding what is new. */
  readonly full?: boolean;
  /** What the engine may use before it spills. */
  readonly memory?: string;
  readonly signal?: AbortSignal;
}

/** What one run did; every figure is counted where it happened. */
export interface DatasetRun {
  readonly dataset: string;
  readonly full: boolean;
  /** The version that the run committed; undefined when there was nothing new. */
  readonly version: number | undefined;
  readonly events: number;
  readonly inserted: number;
  readonly replaced: number;
  readonly superseded: number;
  readonly quarantined: number;
  readonly tombstones: number;
  readonly warnings: Readonly<Record<string, number>>;
}

export interface DatasetParts extends CleaningParts {
  readonly engine: QueryEngine;
  readonly table: Table;
  readonly quarantine: Quarantine;
  readonly tempFolder: string;
  /** Every offset has an object, so that one without is damage. */
  readonly dense: boolean;
}

/**
 * Brings a dataset's batch table up to date with the objects of its topics: one commit, or none when nothing is new.
 * Killed anywhere and run again, it ends with the same rows, quarantine and totals.
 */
export async function runDataset(parts: DatasetParts, options: DatasetRunOptions = {}): Promise<DatasetRun> {
  const { clock } = parts;
  return retry(() => attempt(parts, options), {
    clock,
    attempts: 20,
    firstDelayMs: 10,
    maxDelayMs: 1000,
    retryable: (error) => isPinlakeError(error, "TABLE_CONFLICT"),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

async function attempt(parts: DatasetParts, options: DatasetRunOptions): Promise<DatasetRun> {
  const { store, dataset, table, quarantine } = parts;
  const { full = false, signal } = options;
  const rebuildCommand = `pinlake run ${dataset.name} --full`;
  const base = full
    ? await createCleanTable({ table, dataset })
    : await openCleanTable({ table, quarantine, dataset, rebuildCommand });
  const next = full ? () => 0n : (topic: string, n: number) => nextOffset(base, "batch", topic, n);
  const take = await planTake(store, dataset, { next, dense: parts.dense, signal });
  if (full) refuseToShrink(dataset, base, take);
  else if (take.objects.length === 0) return nothingNew(dataset.name);

  const folder = join(parts.tempFolder, `batch-${dataset.name}`);
  await rm(folder, { recursive: true, force: true }); // what a killed run left
  await mkdir(folder, { recursive: true });
  try {
    await using session = await parts.engine.session({ ...memoryOf(options), tempFolder: folder });
    const run = { folder, ...(signal && { signal }) };
    const cleaned = await cleanObjects(session, parts, take.objects, run);
    const newest = await keepNewestInFiles(session, cleaned.files, { ...run, key: dataset.key });
    const work = { ...parts, session, base, take, cleaned, newest, ...(signal && { signal }) };
    return full ? await rebuild(work) : await add(work);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Work extends DatasetParts {
  readonly session: QuerySession;
  /** The table as it was before the objects were listed. */
  readonly base: Snapshot;
  readonly take: Take;
  readonly cleaned: CleanedFiles;
  /** One row per key, and how many a newer one of this run superseded. */
  readonly newest: { readonly files: readonly ParquetFile[]; readonly superseded: number };
  readonly signal?: AbortSignal;
}

async function add(work: Work): Promise<DatasetRun> {
  const { dataset, table, quarantine, session, take, cleaned, newest, base, signal } = work;
  const before = await readTotals(table, base.version);
  const bad = { session, name: BAD };
  await quarantine.append({ dataset: dataset.name, rows: bad, taken: take.taken, ...(signal && { signal }) });

  const gained = ({ replaced, kept }: OperationCounts): Totals => ({
    superseded: newest.superseded + replaced + kept,
    tombstones: cleaned.tombstones,
  });
  const commit: CommitOptions = {
    basedOn: base,
    txns: progressTxns(base, take.taken),
    metrics: (counted) => totalsMetrics(addTotals(before, gained(counted))),
    ...(signal && { signal }),
  };
  const done =
    cleaned.rows === 0
      ? await table.touch({ ...commit, operation: "MERGE" })
      : await table.merge(
          { session, files: newest.files },
          { ...commit, key: [dataset.key], replaceWhen: NEWER_THAN_STORED },
        );
  return report(work, { full: false, version: done.version, counted: done, ...gained(done) });
}

async function rebuild(work: Work): Promise<DatasetRun> {
  const { dataset, table, quarantine, session, take, cleaned, newest, base, signal } = work;
  const id = randomUUID();
  await quarantine.replaceDataset({
    dataset: dataset.name,
    rows: { session, name: BAD },
    taken: take.taken,
    rebuild: id,
    ...(signal && { signal }),
  });
  const totals: Totals = { superseded: newest.superseded, tombstones: cleaned.tombstones };
  const done = await table.overwrite(
    { session, files: newest.files },
    {
      basedOn: base,
      schema: cleanSchema(dataset),
      txns: progressTxns(base, take.taken),
      metrics: () => totalsMetrics(totals),
      configuration: { [DEFINITION_PROPERTY]: dataset.hash, [REBUILD_PROPERTY]: id },
      ...(signal && { signal }),
    },
  );
  const counted = { inserted: cleaned.rows - newest.superseded, replaced: 0, kept: 0, deleted: 0 };
  return report(work, { full: true, version: done.version, counted, ...totals });
}

function report(
  { dataset, cleaned }: Work,
  done: { full: boolean; version: number; counted: OperationCounts } & Totals,
): DatasetRun {
  return {
    dataset: dataset.name,
    full: done.full,
    version: done.version,
    events: cleaned.events,
    inserted: done.counted.inserted,
    replaced: done.counted.replaced,
    superseded: done.superseded,
    quarantined: cleaned.quarantined,
    tombstones: done.tombstones,
    warnings: cleaned.warnings,
  };
}

const nothingNew = (dataset: string): DatasetRun => ({
  dataset,
  full: false,
  version: undefined,
  events: 0,
  inserted: 0,
  replaced: 0,
  superseded: 0,
  quarantined: 0,
  tombstones: 0,
  warnings: {},
});

const progressTxns = (base: Snapshot, taken: readonly Taken[]) =>
  txnsBeyond(
    base,
    taken.map(({ topic, partition, next }) => ({
      appId: progressAppId("batch", topic, partition),
      version: next,
    })),
  );

const memoryOf = ({ memory }: DatasetRunOptions): SessionOptions => (memory === undefined ? {} : { memory });

/** A rebuild from fewer objects than the table was made of would lose rows without a word. Throws OBJECTS_DAMAGED. */
function refuseToShrink(dataset: Dataset, base: Snapshot, { taken }: Take): void {
  for (const { topic, partition, next } of takenBy(base, "batch")) {
    if (!takes(dataset, topic)) continue;
    const end = taken.find((now) => now.topic === topic && now.partition === partition)?.next ?? 0n;
    if (end < next) throw damaged({ name: topic, partition }, { from: end, to: next, reason: "no object holds them" });
  }
}
