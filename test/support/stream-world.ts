import { systemClock } from "../../src/clock.ts";
import type { Dataset } from "../../src/define/dataset.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { streamTopic } from "../../src/log/names.ts";
import { readTotals } from "../../src/quarantine/totals.ts";
import { NO_HEADERS } from "../../src/record.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { createStreamArm, type StreamArm, type StreamConfig } from "../../src/stream/stream-arm.ts";
import { openDeltaTable } from "../../src/table/delta/delta-table.ts";
import type { Table } from "../../src/table/table.ts";
import { blue, red } from "./stream-datasets.ts";
import type { Recount } from "./stream-recount.ts";

export const datasets: readonly Dataset[] = [red, blue];

export interface World {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly tables: ObjectStore;
  readonly engine: QueryEngine;
  readonly tempFolder: string;
}

export const tableOf = ({ tables, engine }: Pick<World, "tables" | "engine">, prefix: string): Table =>
  openDeltaTable({ store: tables, prefix, engine, clock: systemClock, engineInfo: "test" });

export function openArm(
  world: World,
  config: Partial<StreamConfig> & { readonly datasets?: readonly Dataset[] } = {},
): StreamArm {
  const { datasets: some = datasets, ...limits } = config;
  return createStreamArm({
    ...world,
    openTable: (prefix) => tableOf(world, prefix),
    datasets: some,
    config: { maxRecords: 1000, triggerMs: 10, historyHours: 24, ...limits },
    clock: systemClock,
  });
}

/** Runs an arm until it has taken everything that is in the log. */
export async function catchUp(world: World, config: Parameters<typeof openArm>[1] = {}): Promise<void> {
  await using arm = openArm(world, config);
  await running(arm, (signal) => arm.caughtUp(signal));
}

/** Runs the arm while `work` runs; a failure of either is the outcome. */
export async function running<T>(arm: StreamArm, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const run = arm.run(stop.signal);
  try {
    return await Promise.race([work(stop.signal), run.then(() => Promise.reject(new Error("the arm ended")))]);
  } finally {
    stop.abort();
    await run.catch(() => {});
  }
}

/** Appends values to a stream; a string is a value's text, null a tombstone. */
export async function put(
  log: EventLog,
  stream: string,
  values: readonly (string | null | object)[],
  { partition = 0, key = "k" }: { partition?: number; key?: string } = {},
): Promise<void> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const text = (value: string | object) => (typeof value === "string" ? value : JSON.stringify(value));
  const records = values.map((value) => ({
    key: bytes(key),
    value: value === null ? null : bytes(text(value)),
    headers: NO_HEADERS,
    timestampMs: 1_600_000_000_000,
    partition,
  }));
  await log.append(streamTopic(stream), records);
}

/** What the dataset's table and quarantine hold, in the form of a recount. */
export async function stored(world: World, dataset: Dataset): Promise<Omit<Recount, "events">> {
  const table = tableOf(world, `stream/${dataset.name}`);
  const snapshot = await table.snapshot();
  await using session = await world.engine.session({ threads: 1 });
  await snapshot.define(session, "stored");
  const rows = (await session.rows("SELECT * FROM stored")).map(({ _topic, _partition, _offset, ...row }) =>
    JSON.stringify({ ...row, stream: _topic, partition: _partition, offset: _offset }, (_, value) =>
      typeof value === "bigint" ? Number(value) : value,
    ),
  );
  const bad = await tableOf(world, "stream/quarantine").find();
  await bad?.define(session, "bad");
  const quarantined =
    bad === undefined
      ? []
      : (await session.rows(`SELECT * FROM bad WHERE dataset = '${dataset.name}'`)).map(
          (row) => `${row.topic}/${row.partition}/${row.offset} ${row.reason}`,
        );
  const totals = await readTotals(table, snapshot.version);
  return { rows: rows.sort(), quarantined: quarantined.sort(), ...totals };
}
