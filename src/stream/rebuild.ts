import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import { foreignMarkers } from "../engine/clean.ts";
import { cleanFiles, type RawInput } from "../engine/clean-files.ts";
import { keepNewestInFiles } from "../engine/newest.ts";
import type { QueryEngine } from "../engine/query-engine.ts";
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

const BAD = "bad_rows";

/**
 * Makes a stream table again from every record there is: in one version, which also says how far it goes. The
 * quarantine's rows of the dataset are replaced just before; killed between the two, the arm refuses
 * (REBUILD_UNFINISHED) until this has been run again.
 */
export async function rebuildDataset(options: RebuildOptions): Promise<RebuildReport> {
  const { engine, openTable, quarantine, dataset, datasets, tempFolder, clock, configuration, signal } = options;
  const table = openTable(cleanTablePrefix("stream", dataset.name));
  const before = await createCleanTable({ table, dataset, configuration });
  await using session = await engine.session({ tempFolder });
  await using folder = await temporaryFolder(tempFolder);
  const taken: Taken[] = [];
  const cleaned = await cleanFiles(session, dataset, everyRecord(options, taken), {
    badInto: BAD,
    folder: folder.path,
    nowMs: clock.now(),
    foreignMarkers: foreignMarkers(dataset, datasets),
    signal,
  });
  for (const { topic, partition, next } of takenBy(before, "stream")) {
    if (claimOn(dataset, topic, datasets) === "none") continue;
    const end = taken.find((shard) => shard.topic === topic && shard.partition === partition)?.next ?? 0n;
    const what = `The stream table of "${dataset.name}"`;
    if (next > end) throw new PinlakeError("LOG_BEHIND", { what, topic, partition, offset: next, end });
  }
  const { files, superseded } = await keepNewestInFiles(session, cleaned.files, {
    key: dataset.key,
    folder: folder.path,
    signal,
  });
  const { events, quarantined, tombstones } = cleaned;

  const rebuild = randomUUID();
  await quarantine.replaceDataset({ dataset: dataset.name, rows: { session, name: BAD }, taken, rebuild, signal });
  const schema = cleanSchema(dataset);
  const commit = await table.overwrite(
    { session, files },
    {
      schema,
      basedOn: before,
      txns: txnsBeyond(
        before,
        taken.map(({ topic, partition, next }) => ({
          appId: progressAppId("stream", topic, partition),
          version: next,
        })),
      ),
      configuration: { ...configuration, [DEFINITION_PROPERTY]: dataset.hash, [REBUILD_PROPERTY]: rebuild },
      metrics: () => totalsMetrics({ superseded, tombstones }),
      signal,
    },
  );
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return { dataset: dataset.name, version: commit.version, events, rows, superseded, quarantined, tombstones };
}

/** Every record that the dataset takes; `taken` tells afterwards how far they went. */
async function* everyRecord(options: RebuildOptions, taken: Taken[]): AsyncGenerator<readonly RawInput[]> {
  const { dataset, datasets } = options;
  const matchesKey = partitionKeyFilter([dataset]);
  for (const { stream, shard, logEnd } of await shardsOf(options)) {
    const byKey = claimOn(dataset, stream, datasets) === "by-key";
    let next = 0n;
    for await (const records of shardRecords({ ...options, stream, shard, logEnd })) {
      next = (records.at(-1) as ShardRecord).offset + 1n;
      const own = byKey ? records.filter(({ key }) => matchesKey(key)) : records;
      yield [{ topic: stream, partition: shard, records: own }];
    }
    if (next > 0n) taken.push({ topic: stream, partition: shard, next });
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
