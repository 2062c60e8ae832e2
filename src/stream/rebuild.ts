import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import { clean, foreignMarkers } from "../engine/clean.ts";
import { newestPerKey } from "../engine/newest.ts";
import { QUARANTINE_COLUMNS } from "../engine/quarantine-columns.ts";
import type { QueryEngine, QuerySession } from "../engine/query-engine.ts";
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

const [CLEAN, BAD, ALL_CLEAN, ALL_BAD] = ["clean_rows", "bad_rows", "all_clean", "all_bad"] as const;

/**
 * Makes a stream table again from every record there is: in one version, which also says how far it goes. The
 * quarantine's rows of the dataset are replaced just before; killed between the two, the arm refuses
 * (REBUILD_UNFINISHED) until this has been run again.
 */
export async function rebuildDataset(options: RebuildOptions): Promise<RebuildReport> {
  const { engine, openTable, quarantine, dataset, datasets, tempFolder, configuration, signal } = options;
  const table = openTable(cleanTablePrefix("stream", dataset.name));
  const before = await createCleanTable({ table, dataset, configuration });
  await using session = await engine.session({ tempFolder });
  const { taken, events, tombstones } = await cleanEverything(session, options);
  for (const { topic, partition, next } of takenBy(before, "stream")) {
    if (claimOn(dataset, topic, datasets) === "none") continue;
    const end = taken.find((shard) => shard.topic === topic && shard.partition === partition)?.next ?? 0n;
    const what = `The stream table of "${dataset.name}"`;
    if (next > end) throw new PinlakeError("LOG_BEHIND", { what, topic, partition, offset: next, end });
  }
  const newest = newestPerKey(session, ALL_CLEAN, dataset.key);
  const superseded = await numberOf(session, newest.dropped);
  const quarantined = await numberOf(session, `SELECT count(*) FROM ${ALL_BAD}`);

  const rebuild = randomUUID();
  await quarantine.replaceDataset({ dataset: dataset.name, rows: { session, name: ALL_BAD }, taken, rebuild, signal });
  const schema = cleanSchema(dataset);
  const commit = await table.overwrite(
    { session, sql: newest.rows },
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
  const rows = await numberOf(session, `SELECT count(*) FROM (${newest.rows}) kept`);
  return { dataset: dataset.name, version: commit.version, events, rows, superseded, quarantined, tombstones };
}

/** Cleans every record of the dataset's streams into ALL_CLEAN and ALL_BAD. */
async function cleanEverything(session: QuerySession, options: RebuildOptions) {
  const { dataset, datasets, tempFolder, clock, signal } = options;
  const position = cleanSchema(dataset).fields.map(({ name, type }) => ({ name, type }));
  await session.defineRows(ALL_CLEAN, position, []);
  await session.defineRows(ALL_BAD, QUARANTINE_COLUMNS, []);
  const into = { into: CLEAN, badInto: BAD, tempFolder, signal, foreignMarkers: foreignMarkers(dataset, datasets) };
  const matchesKey = partitionKeyFilter([dataset]);
  const taken: Taken[] = [];
  let [events, tombstones] = [0, 0];
  for (const { stream, shard, logEnd } of await shardsOf(options)) {
    const byKey = claimOn(dataset, stream, datasets) === "by-key";
    let next = 0n;
    for await (const records of shardRecords({ ...options, stream, shard, logEnd })) {
      next = (records.at(-1) as ShardRecord).offset + 1n;
      const own = byKey ? records.filter(({ key }) => matchesKey(key)) : records;
      if (own.length === 0) continue;
      const input = { topic: stream, partition: shard, records: own };
      const counts = await clean(session, dataset, [input], { ...into, nowMs: clock.now() });
      events += counts.events;
      tombstones += counts.tombstones;
      await session.execute(`INSERT INTO ${ALL_CLEAN} SELECT * FROM ${CLEAN}`);
      await session.execute(`INSERT INTO ${ALL_BAD} SELECT * FROM ${BAD}`);
    }
    if (next > 0n) taken.push({ topic: stream, partition: shard, next });
  }
  return { taken, events, tombstones };
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

async function numberOf(session: QuerySession, sql: string): Promise<number> {
  const { rows } = await session.query(sql);
  return Number(rows[0]?.[0] ?? 0);
}
