import { systemClock } from "../../src/clock.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { type DeltaTableOptions, openDeltaTable } from "../../src/table/delta/delta-table.ts";

/** A Delta table at `t` in a store, opened anew. */
export const deltaTable = (store: ObjectStore, engine: QueryEngine, options: Partial<DeltaTableOptions> = {}) =>
  openDeltaTable({ store, prefix: "t", engine, clock: systemClock, engineInfo: "pinlake/test", ...options });

export const logKey = (version: number, rest = "json"): string =>
  `t/_delta_log/${String(version).padStart(20, "0")}.${rest}`;

export async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
}
