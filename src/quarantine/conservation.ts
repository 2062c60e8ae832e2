import type { Dataset } from "../define/dataset.ts";
import type { QuerySession } from "../engine/query-engine.ts";
import type { Table } from "../table/table.ts";
import { cleanTablePrefix } from "./clean-table.ts";
import { type Arm, type Taken, takenBy } from "./progress.ts";
import { quarantinePrefix } from "./quarantine.ts";
import { NO_TOTALS, readTotals } from "./totals.ts";

/** What became of one dataset's events in one arm: each figure counted where it happens, none the rest of the others. */
export interface Conservation {
  readonly arm: Arm;
  readonly dataset: string;
  readonly events: number;
  readonly rows: number;
  readonly superseded: number;
  readonly quarantined: number;
  readonly tombstones: number;
  /** events = rows + superseded + quarantined + tombstones */
  readonly ok: boolean;
}

export interface ReconcileOptions {
  readonly openTable: (prefix: string) => Table;
  readonly session: QuerySession;
  readonly arm: Arm;
  readonly datasets: readonly Dataset[];
  /** Events that the log took for the dataset on this arm's inputs (see `countEvents`); undefined where nothing tells any more. */
  readonly events: (dataset: Dataset, taken: readonly Taken[]) => Promise<number | undefined> | number | undefined;
  /** Leaves out what the quarantine has ahead of its table, as after a kill between the two. Default false. */
  readonly onlyTaken?: boolean;
}

/** Counts events and outcomes of every dataset whose events can be counted. Meant for an arm at rest: while it works, the figures are of different moments. */
export async function reconcile(options: ReconcileOptions): Promise<Conservation[]> {
  const { openTable, session, arm, datasets, onlyTaken = false } = options;
  const quarantine = openTable(quarantinePrefix(arm));
  const quarantined = await countQuarantined(session, quarantine);
  const found: Conservation[] = [];
  for (const dataset of datasets) {
    const table = openTable(cleanTablePrefix(arm, dataset.name));
    const snapshot = await table.find();
    const taken = takenBy(snapshot, arm);
    const all = quarantined.get(dataset.name) ?? 0;
    const outcome = {
      rows: (await snapshot?.countRows()) ?? 0,
      quarantined: onlyTaken && all > 0 ? all - (await countAhead(session, dataset.name, taken)) : all,
      ...(snapshot === undefined ? NO_TOTALS : await readTotals(table, snapshot.version)),
    };
    const events = await options.events(dataset, taken);
    if (events === undefined) continue;
    const { rows, superseded, tombstones } = outcome;
    const ok = events === rows + superseded + outcome.quarantined + tombstones;
    found.push({
      arm,
      dataset: dataset.name,
      events,
      rows,
      superseded,
      quarantined: outcome.quarantined,
      tombstones,
      ok,
    });
  }
  return found;
}

/** Rows in a quarantine, by dataset. */
export async function countQuarantined(session: QuerySession, table: Table): Promise<ReadonlyMap<string, number>> {
  const snapshot = await table.find();
  if (snapshot === undefined) return new Map();
  await snapshot.define(session, COUNTED);
  const { rows } = await session.query(`SELECT dataset, count(*) FROM ${session.quote(COUNTED)} GROUP BY dataset`);
  return new Map(rows.map(([dataset, n]) => [String(dataset), Number(n)]));
}

const COUNTED = "quarantine_to_count";

/** Of the quarantine that was counted last: rows of records that the dataset's table has not taken. */
async function countAhead(session: QuerySession, dataset: string, taken: readonly Taken[]): Promise<number> {
  const below = taken.map(
    ({ topic, partition, next }) =>
      `(${session.quote("topic")} = ${session.literal(topic)} AND ${session.quote("partition")} = ${partition} AND ${session.quote("offset")} < ${next})`,
  );
  const { rows } = await session.query(
    `SELECT count(*) FROM ${session.quote(COUNTED)} WHERE dataset = ${session.literal(dataset)} AND NOT (${["false", ...below].join(" OR ")})`,
  );
  return Number(rows[0]?.[0]);
}

/**
 * Events of partitions that only this dataset takes, from the log's end offsets. A partition that the log has forgotten
 * (its topic was deleted and every stage had taken it) counts as far as the table took it.
 */
export function countEvents(
  ends: readonly { readonly topic: string; readonly partition: number; readonly end: bigint }[],
  taken: readonly Taken[],
): number {
  const gone = taken.filter((t) => !ends.some((e) => e.topic === t.topic && e.partition === t.partition));
  return Number(ends.reduce((sum, { end }) => sum + end, 0n) + gone.reduce((sum, { next }) => sum + next, 0n));
}

/** A sentence per dataset whose figures do not add up; none when all do. */
export function conservationProblems(all: readonly Conservation[]): string[] {
  return all
    .filter(({ ok }) => !ok)
    .map(
      ({ arm, dataset, events, rows, superseded, quarantined, tombstones }) =>
        `${arm} ${dataset}: ${events} events, but ${rows} rows + ${superseded} superseded + ${quarantined} quarantined + ${tombstones} tombstones = ${rows + superseded + quarantined + tombstones}`,
    );
}
