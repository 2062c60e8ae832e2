/** Our side of what is measured beside Spark, in a process of its own: a JSON request a line comes in, an answer a line goes out. */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { answerPrefix, runAnswers } from "../src/batch/answers.ts";
import { systemClock } from "../src/clock.ts";
import { loadProject } from "../src/config/load-project.ts";
import type { Dataset } from "../src/define/dataset.ts";
import { cleanFiles } from "../src/engine/clean-files.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { cleanSchema } from "../src/quarantine/clean-table.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";
import { objectGroups } from "./pin-objects.ts";
import { peakResidentMb } from "./spark.ts";

export type OurWork =
  | { readonly work: "clean"; readonly objects: readonly string[]; readonly into: string }
  | { readonly work: "answers"; readonly tables: string; readonly names: readonly string[] };

export interface OurAnswer {
  readonly ms: number;
  /** The most that this process has been resident with. */
  readonly residentMb: number;
}

const engine = createDuckDbEngine({});
const project = await loadProject(join(import.meta.dirname, "../pinterest"), {});
const pin = project.datasets.find(({ name }) => name === "pin") as Dataset;

/** A folder's tables by prefix. */
async function tablesIn(root: string) {
  const store = await openFilesystemStore({ root });
  return (prefix: string) => openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "bench" });
}

/** As a batch run does it, but for what it looks up in the table. */
async function clean({ objects, into }: Extract<OurWork, { work: "clean" }>): Promise<void> {
  const openTable = await tablesIn(dirname(into));
  const folder = `${into}-parts`;
  mkdirSync(folder);
  await using session = await engine.session({ tempFolder: folder });
  const options = { badInto: "bad", folder, nowMs: 0, foreignMarkers: [] };
  const table = openTable(into.slice(dirname(into).length + 1));
  await table.create({ schema: cleanSchema(pin) });
  const { files } = await cleanFiles(session, pin, objectGroups(session, objects), options);
  await table.append({ session, files });
}

async function answers({ tables, names }: Extract<OurWork, { work: "answers" }>): Promise<void> {
  const { datasets, answers } = project;
  const openTable = await tablesIn(tables);
  await runAnswers({ engine, openTable, datasets, answers, folder: join(tables, "files") }, names);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...request } = JSON.parse(line) as OurWork & { readonly id: number };
  // An answer that is stored already is not stored again.
  if (request.work === "answers")
    for (const name of request.names)
      rmSync(join(request.tables, answerPrefix(name)), { recursive: true, force: true });
  const startMs = performance.now();
  await (request.work === "clean" ? clean(request) : answers(request));
  const answer: OurAnswer = { ms: performance.now() - startMs, residentMb: peakResidentMb(process.pid) };
  process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
}
