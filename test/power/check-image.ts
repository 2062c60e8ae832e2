import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { verify } from "../../src/app/verify.ts";
import { openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { loadProject } from "../../src/config/load-project.ts";
import type { QueryEngine } from "../../src/engine/query-engine.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { openDeltaTable } from "../../src/table/delta/delta-table.ts";
import { bodies, differences } from "../support/sunk-objects.ts";
import type { Acknowledged, Poster } from "./load.ts";
import { SETTINGS } from "./up-under-load.ts";

const PROJECT = join(import.meta.dirname, "../../pinterest");

/** What a client would find after the power came back. */
export interface ImageReport {
  readonly records: number;
  readonly acknowledged: number;
  readonly tables: number;
  readonly objects: number;
  readonly lost: number;
  readonly problems: readonly string[];
}

/** Reads what a power cut left, starts on it, posts what was not acknowledged again, and holds everything against everything. */
export async function checkImage(
  data: string,
  acknowledged: Acknowledged,
  posters: readonly Poster[],
): Promise<ImageReport> {
  const problems: string[] = [];
  const project = await loadProject(PROJECT, SETTINGS);
  await using store = await openFilesystemStore({ root: join(data, "objects") });
  const before = await bodies(store);
  const report = { records: 0, acknowledged: acknowledged.size, tables: 0, objects: before.size, problems };
  let app: Awaited<ReturnType<typeof openApp>>;
  try {
    app = await openApp({ project, data });
  } catch (error) {
    problems.push(`it does not start: ${(error as Error).message}`);
    return { ...report, lost: (await lossesOf(data, acknowledged)).lost };
  }
  await using running = app;
  const { log, engine, stages, operations } = running;
  const tables = await wholeTables(join(data, "tables"), engine, problems);
  const { records, lost } = await losses(log, acknowledged);
  if (lost > 0) problems.push(`${lost} of ${acknowledged.size} acknowledged records are lost`);
  try {
    await using serving = await app.serve({ logLevel: "silent" });
    for (const one of posters) await one.finishAt(serving.gateway);
    await operations.flush();
    await stages.stream.caughtUp(AbortSignal.timeout(30_000));
    await operations.run({ name: "daily" });
    const { lost: notConserved, differing } = await verify({ project, log, engine, openTable: stages.openTable });
    problems.push(...notConserved, ...differing, ...(await differences(log, store)));
  } catch (error) {
    problems.push(`it does not go on: ${(error as Error).message}`);
  }
  const after = await bodies(store);
  for (const [key, body] of before) if (after.get(key) !== body) problems.push(`${key} has changed`);
  return { ...report, records, tables, lost };
}

async function lossesOf(data: string, acknowledged: Acknowledged) {
  const readOnly = { folder: join(data, "log"), stateFile: join(data, "state.db"), readOnly: true };
  try {
    await using log = await openEmbeddedLog(readOnly);
    return await losses(log, acknowledged);
  } catch {
    return { records: 0, lost: acknowledged.size };
  }
}

/** How many records the log holds, and how many acknowledged ones are not byte for byte where they were. */
async function losses(log: EventLog, acknowledged: Acknowledged): Promise<{ records: number; lost: number }> {
  const stored = new Map<string, string>();
  for (const { topic, partition, start, end } of await log.stagePartitions())
    for (let at = start; at < end; ) {
      const { records, next } = await log.read(topic, partition, at, { includeDeleted: true });
      for (const { offset, value } of records)
        stored.set(`${topic}/${partition}@${offset}`, value === null ? "null" : Buffer.from(value).toString());
      at = next;
    }
  const lost = [...acknowledged].filter(([place, text]) => stored.get(place) !== text);
  return { records: stored.size, lost: lost.length };
}

/** Every version that a table has kept can be read to its last row, and has as many as its commits say. */
async function wholeTables(root: string, engine: QueryEngine, problems: string[]): Promise<number> {
  if (!existsSync(root)) return 0;
  await using store = await openFilesystemStore({ root });
  await using session = await engine.session();
  let tables = 0;
  for (const arm of ["batch", "stream", "answers"]) {
    const names = existsSync(join(root, arm)) ? await readdir(join(root, arm)) : [];
    for (const name of names) {
      const table = openDeltaTable({ store, prefix: `${arm}/${name}`, engine, clock: systemClock, engineInfo: "test" });
      try {
        const snapshot = await table.find();
        if (snapshot === undefined) continue;
        tables++;
        await snapshot.define(session, "read");
        const { rows } = await session.query("SELECT count(*), count(hash(all_of_it)) FROM read AS all_of_it");
        const promised = await snapshot.countRows();
        if (Number(rows[0]?.[0]) !== promised) problems.push(`${arm}/${name}: ${rows[0]?.[0]} rows, not ${promised}`);
      } catch (error) {
        problems.push(`${arm}/${name}: ${(error as Error).message}`);
      }
    }
  }
  return tables;
}
