import { cleanRecord, type DatasetName, type RowOf } from "./clean-record.ts";

/** An event as a log gave it. */
export interface Event {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly value: Uint8Array | null;
}

export interface Recount<D extends DatasetName> {
  readonly events: number;
  readonly tombstones: number;
  /** Rows that met a newer one of their key, whichever came first. */
  readonly superseded: number;
  readonly quarantined: readonly { readonly event: Event; readonly reason: string }[];
  /** The newest row of each key, with where it came from. */
  readonly rows: ReadonlyMap<bigint, { readonly event: Event; readonly row: RowOf[D] }>;
}

/** What a dataset's events come to: one row per key, and what became of every other event. */
export function recount<D extends DatasetName>(dataset: D, events: readonly Event[]): Recount<D> {
  const rows = new Map<bigint, { event: Event; row: RowOf[D] }>();
  const quarantined: { event: Event; reason: string }[] = [];
  let tombstones = 0;
  let superseded = 0;
  for (const event of events) {
    const outcome = cleanRecord(dataset, event.value);
    if (outcome.kind === "tombstone") tombstones++;
    else if (outcome.kind === "bad") quarantined.push({ event, reason: outcome.reason });
    else {
      const stored = rows.get(outcome.row.ind);
      if (stored !== undefined) superseded++;
      if (stored === undefined || comparePositions(event, stored.event) > 0)
        rows.set(outcome.row.ind, { event, row: outcome.row });
    }
  }
  return { events: events.length, tombstones, superseded, quarantined, rows };
}

/** Newer is greater: by offset, then partition, then the bytes of the topic's name. */
export function comparePositions(a: Event, b: Event): number {
  if (a.offset !== b.offset) return a.offset > b.offset ? 1 : -1;
  if (a.partition !== b.partition) return a.partition - b.partition;
  return Buffer.compare(Buffer.from(a.topic), Buffer.from(b.topic));
}
