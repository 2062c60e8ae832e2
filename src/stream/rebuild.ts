import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import { foreignMarkers } from "../engine/clean.ts";
import { cleanFiles, type RawInput } from "../engine/clean-files.ts";
import { keepNewestInFiles } from "../engine/newest.ts";
import { QUARANTINE_COLUMNS } from "../engine/quarantine-columns.ts";
import type { ParquetFile, QueryEngine, QuerySession } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamOf } from "../log/names.ts";
import { cleanSchema, cleanTablePrefix, createCleanTable, DEFINITION_PROPERTY } from "../quarantine/clean-table.ts";
import { progressAppId, type Taken, takenBy, txnsBeyond } from "../quarantine/progress.ts";
import { type Quarantine, REBUILD_PROPERTY } from "../quarantine/quarantine.ts";
import { totalsMetrics } from "../quarantine/totals.ts";
import { objectPartitions } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Table } from "../table/table.ts";
import { claimOn, partitionKeyFilter } from "./routing.ts";
import { type ShardRecord, shardRecords } from "./shard-records.ts";

export interface RebuildOptions {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly openTable: (prefix: string) => Table;
  readonly quarantine: Quarantine;
  readonly dataset: Dataset;
  readonly datasets: readonly Dataset[];
  readonly tempFolder: string;
  readonly clock: Clock;
  readonly configuration: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Has whoever writes the table rest from when it resolves until it is disposed of. */
  readonly hold: () => Promise<Disposable>;
}

export interface RebuildReport {
  readonly dataset: string;
  readonly version: number;
  readonly events: number;
  readonly rows: number;
  readonly superseded: number;
  readonly quarantined: number;
  readonly tombstones: number;
}

const [BAD, ALL_BAD] = ["bad_rows", "all_bad_rows"];

/**
 * Makes a stream table again from every record there is: in one version, which also says how far it goes. The arm goes
 * on meanwhile; it rests only for the last of the records and the swap. The quarantine's rows of the dataset are
 * replaced just before; killed between the two, the arm refuses (REBUILD_UNFINISHED) until this has been run again.
 */
export async function rebuildDataset(options: RebuildOptions): Promise<RebuildReport> {
  const { engine, openTable, quarantine, dataset, datasets, tempFolder, configuration, signal, hold } = options;
  const table = openTable(cleanTablePrefix("stream", dataset.name));
  await createCleanTable({ table, dataset, configuration });
  await using session = await engine.session({ tempFolder });
  await using folder = await temporaryFolder(tempFolder);
  const made = await rowsInTheMaking(session, folder.path, options);
  await made.takeMore();
  await made.takeMore(); // what came while the others were taken
  using _resting = await hold();
  await made.takeMore();

  const before = await table.snapshot();
  const taken = made.taken();
  for (const { topic, partition, next } of takenBy(before, "stream")) {
    if (claimOn(dataset, topic, datasets) === "none") continue;
    const end = taken.find((shard) => shard.topic === topic && shard.partition === partition)?.next ?? 0n;
    const what = `The stream table of "${dataset.name}"`;
    if (next > end) throw new PinlakeError("LOG_BEHIND", { what, topic, partition, offset: next, end });
  }
  const rebuild = randomUUID();
  await quarantine.replaceDataset({ dataset: dataset.name, rows: { session, name: ALL_BAD }, taken, rebuild, signal });
  const files = made.files();
  const counts = made.counts();
  const commit = await table.overwrite(
    { session, files },
    {
      schema: cleanSchema(dataset),
      basedOn: before,
      txns: txnsBeyond(
        before,
        taken.map(({ topic, partition, next }) => ({
          appId: progressAppId("stream", topic, partition),
          version: next,
        })),
      ),
      configuration: { ...configuration, [DEFINITION_PROPERTY]: dataset.hash, [REBUILD_PROPERTY]: rebuild },
      metrics: () => totalsMetrics(counts),
      signal,
    },
  );
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return { dataset: dataset.name, version: commit.version, rows, ...counts };
}

/** The table's rows, made of all records up to where the log ended at the last call of `takeMore`. */
async function rowsInTheMaking(session: QuerySession, folder: string, options: RebuildOptions) {
  const { dataset, datasets, clock, signal } = options;
  const foreign = foreignMarkers(dataset, datasets);
  const progress: ShardProgress = new Map();
  const counts = { events: 0, superseded: 0, quarantined: 0, tombstones: 0 };
  let files: readonly ParquetFile[] = [];
  await session.defineRows(ALL_BAD, QUARANTINE_COLUMNS, []);
  return {
    async takeMore() {
      const cleaning = { badInto: BAD, folder, nowMs: clock.now(), foreignMarkers: foreign, signal };
      const more = await cleanFiles(session, dataset, recordsBehind(progress, options), cleaning);
      for (const name of ["events", "quarantined", "tombstones"] as const) counts[name] += more[name];
      await session.execute(`INSERT INTO ${session.quote(ALL_BAD)} SELECT * FROM ${session.quote(BAD)}`, { signal });
      if (more.files.length === 0) return;
      const newest = await keepNewestInFiles(session, [...files, ...more.files], { key: dataset.key, folder, signal });
      files = newest.files;
      counts.superseded += newest.superseded;
    },
    files: () => files,
    counts: () => counts,
    taken: (): Taken[] =>
      [...progress.values()]
        .filter(({ next }) => next > 0n)
        .map(({ stream, shard, next }) => ({ topic: stream, partition: shard, next })),
  };
}

type ShardProgress = Map<string, { readonly stream: string; readonly shard: number; next: bigint }>;

/** The records that the dataset takes and the progress is not beyond; moves it on. */
async function* recordsBehind(progress: ShardProgress, options: RebuildOptions): AsyncGenerator<readonly RawInput[]> {
  const { dataset, datasets } = options;
  const matchesKey = partitionKeyFilter([dataset]);
  for (const { stream, shard, logEnd } of await shardsOf(options)) {
    const byKey = claimOn(dataset, stream, datasets) === "by-key";
    const at = progress.get(`${shard}/${stream}`) ?? { stream, shard, next: 0n };
    progress.set(`${shard}/${stream}`, at);
    for await (const records of shardRecords({ ...options, stream, shard, from: at.next, logEnd })) {
      at.next = (records.at(-1) as ShardRecord).offset + 1n;
      const own = byKey ? records.filter(({ key }) => matchesKey(key)) : records;
      yield [{ topic: stream, partition: shard, records: own }];
    }
  }
}

async function temporaryFolder(parent: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(parent, "rebuild-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The shards that the dataset takes from, of streams that have objects or are in the log. */
async function shardsOf({ log, store, dataset, datasets, signal }: RebuildOptions) {
  const shards = new Map<string, { stream: string; shard: number; logEnd: bigint | undefined }>();
  for await (const { kind, name, partition } of objectPartitions(store, signal))
    if (kind === "stream") shards.set(`${partition}/${name}`, { stream: name, shard: partition, logEnd: undefined });
  for (const { topic, partition, end } of await log.stagePartitions()) {
    const stream = streamOf(topic);
    if (stream !== undefined) shards.set(`${partition}/${stream}`, { stream, shard: partition, logEnd: end });
  }
  return [...shards.values()].filter(({ stream }) => claimOn(dataset, stream, datasets) !== "none");
}
