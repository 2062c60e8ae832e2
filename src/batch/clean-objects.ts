import type { Clock } from "../clock.ts";
import type { Dataset } from "../define/dataset.ts";
import { type CleanCounts, clean } from "../engine/clean.ts";
import { newestPerKey } from "../engine/newest.ts";
import type { QuerySession } from "../engine/query-engine.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { inChunks, rawInput, type TakenObject } from "./take.ts";

/** What a run's session holds: every good row, those to store, and those for the quarantine. */
const GOOD = "batch_good";
export const NEWEST = "batch_newest";
export const BAD = "batch_bad";

export interface CleaningParts {
  readonly store: ObjectStore;
  readonly dataset: Dataset;
  /** Fields that only the records of other datasets have. */
  readonly foreignMarkers: readonly string[];
  readonly clock: Clock;
  /** Text of raw objects that is cleaned in one go. */
  readonly chunkBytes: number;
}

/** Cleans objects into GOOD and BAD, so much text at a time; the rows are held, or spilled, by the engine. */
export async function cleanObjects(
  session: QuerySession,
  { store, dataset, clock, foreignMarkers, chunkBytes }: CleaningParts,
  objects: readonly TakenObject[],
  { folder, signal }: { readonly folder: string; readonly signal?: AbortSignal },
): Promise<CleanCounts> {
  const totals = { events: 0, rows: 0, quarantined: 0, tombstones: 0, warnings: {} as Record<string, number> };
  const chunks = objects.length === 0 ? [[]] : inChunks(objects, chunkBytes);
  for (const [i, chunk] of chunks.entries()) {
    const inputs = [];
    for (const object of chunk) inputs.push(await rawInput(store, object, folder, signal));
    const names = { into: `${GOOD}_${i}`, badInto: `${BAD}_${i}` };
    const counts = await clean(session, dataset, inputs, {
      ...names,
      tempFolder: folder,
      nowMs: clock.now(),
      foreignMarkers,
      ...(signal && { signal }),
    });
    totals.events += counts.events;
    totals.rows += counts.rows;
    totals.quarantined += counts.quarantined;
    totals.tombstones += counts.tombstones;
    for (const [warning, n] of Object.entries(counts.warnings))
      totals.warnings[warning] = (totals.warnings[warning] ?? 0) + n;
  }
  for (const name of [GOOD, BAD]) {
    const parts = chunks.map((_, i) => `SELECT * FROM ${session.quote(`${name}_${i}`)}`);
    await session.execute(`CREATE VIEW ${session.quote(name)} AS ${parts.join(" UNION ALL ")}`);
  }
  return totals;
}

/** Defines NEWEST, one row per key; resolves with how many rows it leaves out. */
export async function keepNewest(session: QuerySession, { key }: Dataset): Promise<number> {
  const newest = newestPerKey(session, GOOD, key);
  const { rows } = await session.query(newest.dropped);
  const losers = Number(rows[0]?.[0] ?? 0);
  const name = session.quote(NEWEST);
  // Counting keys is cheap beside ranking rows, which only a run with several records of a key needs.
  if (losers === 0) await session.execute(`CREATE VIEW ${name} AS SELECT * FROM ${session.quote(GOOD)}`);
  else await session.execute(`CREATE TABLE ${name} AS ${newest.rows}`);
  return losers;
}
