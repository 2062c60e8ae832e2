import { createHash } from "node:crypto";
import { type Batch, createBatch } from "../../src/batch/batch.ts";
import { systemClock } from "../../src/clock.ts";
import { type Answer, defineAnswer } from "../../src/define/answer.ts";
import { type Dataset, defineDataset } from "../../src/define/dataset.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import { cleanTablePrefix } from "../../src/quarantine/clean-table.ts";
import { type Conservation, countEvents, reconcile } from "../../src/quarantine/conservation.ts";
import { listQuarantined } from "../../src/quarantine/inspect.ts";
import { objectKey } from "../../src/store/layout.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openDeltaTable } from "../../src/table/delta/delta-table.ts";
import type { Table } from "../../src/table/table.ts";

/** A record of the little dataset below: what it is by construction, whatever any cleaning makes of it. */
export type Made =
  | { readonly kind: "row"; readonly ind: number; readonly n: number | null }
  | { readonly kind: "tombstone" }
  | { readonly kind: "bad"; readonly reason: "not_json" | "not_an_object" | "missing_key" | "negative" };

export interface Landed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly made: Made;
}

/** A dataset of things: a key and a number, which must not be negative. */
export function thingDataset(select = "SELECT parse_bigint(ind) AS ind, parse_bigint(n) AS n FROM raw"): Dataset {
  const definition = defineDataset({
    name: "thing",
    description: "Things",
    record: { fields: { ind: {}, n: {} }, key: "ind" },
    key: "ind",
    columns: [
      { name: "ind", type: "BIGINT", description: "Which thing" },
      { name: "n", type: "BIGINT" },
    ],
    checks: [{ name: "negative", when: "n < 0", message: "n is negative", fields: ["n"] }],
  });
  return { ...definition, select, hash: createHash("sha256").update(select).digest("hex") };
}

export const thingAnswers: readonly Answer[] = [
  defineAnswer({
    name: "biggest",
    title: "The biggest n",
    from: ["sums"],
    columns: [{ name: "total", type: "BIGINT" }],
    sql: "SELECT max(total) AS total FROM sums",
  }),
  defineAnswer({
    name: "sums",
    title: "Sum of n by the key's last digit",
    from: ["thing"],
    columns: [
      { name: "digit", type: "BIGINT" },
      { name: "total", type: "BIGINT" },
    ],
    parameters: { least: { type: "integer", default: 0 } },
    sql: `SELECT ind % 10 AS digit, CAST(sum(n) AS BIGINT) AS total FROM thing CROSS JOIN params
          WHERE n IS NOT NULL AND n >= least GROUP BY ind % 10 ORDER BY digit NULLS LAST`,
  }),
];

const bytesOf = (made: Made): string | undefined => {
  if (made.kind === "row") return JSON.stringify(made);
  if (made.kind === "tombstone") return "null";
  switch (made.reason) {
    case "not_json":
      return undefined;
    case "not_an_object":
      return "17";
    case "missing_key":
      return '{"n":1}';
    case "negative":
      return '{"ind":1,"n":-5}';
  }
};

/** Lands records as the sink would, with an object's end wherever `cutAfter` says and around what is no JSON. */
export async function land(
  store: ObjectStore,
  records: readonly Landed[],
  cutAfter: (record: Landed) => boolean = () => false,
): Promise<void> {
  const open = new Map<string, { start: Landed; lines: string[] }>();
  const close = async (partition: string) => {
    const object = open.get(partition);
    open.delete(partition);
    if (object === undefined) return;
    const { topic, partition: n, offset } = object.start;
    const key = { kind: "topic", name: topic, partition: n, startOffset: BigInt(offset), format: "json" } as const;
    await store.put(objectKey(key), Buffer.from(object.lines.map((line) => `${line}\n`).join("")));
  };
  for (const record of records) {
    const partition = `${record.topic}/${record.partition}`;
    const text = bytesOf(record.made);
    if (text === undefined) {
      await close(partition);
      const { topic: name, offset } = record;
      const key = { kind: "topic", name, partition: record.partition, startOffset: BigInt(offset) } as const;
      await store.put(objectKey({ ...key, format: "bin" }), Buffer.from([0xff, 0x0a, 0x00]));
      continue;
    }
    const object = open.get(partition) ?? { start: record, lines: [] };
    open.set(partition, object);
    object.lines.push(text);
    if (cutAfter(record)) await close(partition);
  }
  for (const partition of [...open.keys()]) await close(partition);
}

export interface World {
  readonly batch: Batch;
  readonly openTable: (prefix: string) => Table;
}

export interface WorldParts {
  readonly objects: ObjectStore;
  readonly tables: ObjectStore;
  readonly engine: QueryEngine;
  readonly folder: string;
  readonly dataset?: Dataset;
  readonly chunkBytes?: number;
  readonly denseOffsets?: boolean;
}

export function batchWorld({
  objects,
  tables,
  engine,
  folder,
  dataset = thingDataset(),
  chunkBytes,
  denseOffsets = true,
}: WorldParts): World {
  const openTable = (prefix: string) =>
    openDeltaTable({ store: tables, prefix, engine, clock: systemClock, engineInfo: "test" });
  const batch = createBatch({
    store: objects,
    engine,
    openTable,
    datasets: [dataset],
    answers: thingAnswers,
    folders: { answers: `${folder}/answers`, temp: `${folder}/temp` },
    clock: systemClock,
    denseOffsets,
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  });
  return { batch, openTable };
}

/** What the batch arm says became of the records, in a form to compare. */
export interface Outcome {
  readonly rows: readonly string[];
  readonly quarantined: readonly string[];
  readonly conservation: Omit<Conservation, "arm" | "dataset"> | undefined;
}

export async function outcomeOf(
  { openTable }: World,
  engine: QueryEngine,
  landed: readonly Landed[],
): Promise<Outcome> {
  await using session = await engine.session();
  const snapshot = await openTable(cleanTablePrefix("batch", "thing")).snapshot();
  await snapshot.define(session, "thing");
  const { rows } = await session.query("SELECT ind, n, _topic, _partition, _offset FROM thing ORDER BY ind");
  const quarantined = await listQuarantined({ openTable, session }, { arm: "batch" });
  const [conservation] = await reconcile({
    openTable,
    session,
    arm: "batch",
    datasets: [thingDataset()],
    events: (_dataset, taken) => countEvents(endsOf(landed), taken),
  });
  const { arm: _arm, dataset: _dataset, ...figures } = conservation as Conservation;
  return {
    rows: rows.map((row) => row.join(" ")),
    quarantined: quarantined.rows.map((row) => [row[2], row[3], row[4], row[5]].join(" ")).sort(),
    conservation: figures,
  };
}

function endsOf(landed: readonly Landed[]) {
  const ends = new Map<string, { topic: string; partition: number; end: bigint }>();
  for (const { topic, partition, offset } of landed)
    ends.set(`${topic}/${partition}`, { topic, partition, end: BigInt(offset) + 1n });
  return [...ends.values()];
}

/** The same, counted with a Map and nothing of the program's. */
export function recount(landed: readonly Landed[]): Outcome {
  const newest = new Map<number, { readonly record: Landed; readonly n: number | null }>();
  let [events, superseded, tombstones] = [0, 0, 0];
  const quarantined: string[] = [];
  for (const record of landed) {
    events++;
    const { topic, partition, offset, made } = record;
    if (made.kind === "tombstone") tombstones++;
    else if (made.kind === "bad") quarantined.push(`${topic} ${partition} ${offset} ${made.reason}`);
    else {
      const stored = newest.get(made.ind);
      if (stored !== undefined) superseded++;
      if (stored === undefined || isNewer(record, stored.record)) newest.set(made.ind, { record, n: made.n });
    }
  }
  const rows = [...newest]
    .sort(([a], [b]) => a - b)
    .map(([ind, { record, n }]) => [ind, n, record.topic, record.partition, record.offset].join(" "));
  return {
    rows,
    quarantined: quarantined.sort(),
    conservation: {
      events,
      rows: newest.size,
      superseded,
      quarantined: quarantined.length,
      tombstones,
      ok: true,
    },
  };
}

function isNewer(a: Landed, b: Landed): boolean {
  if (a.offset !== b.offset) return a.offset > b.offset;
  if (a.partition !== b.partition) return a.partition > b.partition;
  return a.topic > b.topic;
}
