import { expect } from "vitest";
import type { Dataset } from "../../src/define/dataset.ts";
import { recount } from "./stream-recount.ts";
import { datasets, stored, tableOf, type World } from "./stream-world.ts";

/** The tables hold what a recount of the log gives, and every event is accounted for. */
export async function expectRecount(world: World, some: readonly Dataset[] = datasets): Promise<void> {
  for (const dataset of some) {
    const { events, ...expected } = await recount(world.log, dataset, some);
    const found = await stored(world, dataset);
    expect(found, dataset.name).toEqual(expected);
    expect(found.rows.length + found.quarantined.length + found.superseded + found.tombstones).toBe(events);
  }
}

/** Every version that the table ever had has one row per key. Resolves with the versions. */
export async function expectOneRowPerKey(world: World, dataset: Dataset): Promise<number> {
  const table = tableOf(world, `stream/${dataset.name}`);
  const { version } = await table.snapshot();
  await using session = await world.engine.session({ threads: 1 });
  for (let at = 0; at <= version; at++) {
    await (await table.snapshot({ version: at })).define(session, "stored");
    const { rows } = await session.query(`SELECT count(*) - count(DISTINCT ${dataset.key}) FROM stored`);
    expect(Number(rows[0]?.[0]), `version ${at} of ${dataset.name}`).toBe(0);
  }
  return version;
}
