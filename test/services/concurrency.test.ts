import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QuerySession } from "../../src/engine/query-engine.ts";
import type { Table } from "../../src/table/table.ts";
import { deltaFolder } from "../support/delta-table.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { allRows, EVENTS } from "../support/table-rows.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { applyStep, difference, drawSteps, type Row, type Step, shown } from "./concurrency/steps.ts";

const OURS = ["w0", "w1", "w2", "w3", "w4", "w5"];
const WRITERS = [...OURS, "rs0", "rs1"];
/** Each writer's; 100 at TEST_LENGTH=10. */
const STEPS = times(10);

/** A commit of the log that is a writer's step. */
interface Made {
  readonly version: number;
  readonly step: Step;
  readonly readVersion: number | undefined;
}

describe(`eight processes, two of them delta-rs, make ${STEPS} commits each on one table`, () => {
  it("Serializable: its rows are those of the history done one after the other", {
    timeout: times(400_000),
  }, async () => {
    await using run = await eightWriters({ "delta.isolationLevel": "Serializable", "delta.checkpointInterval": "10" });
    let rows: readonly Row[] = [];
    const steps = new Map(run.made.map((made) => [made.version, made.step]));
    for (let version = 0; version <= run.newest; version++) {
      rows = applyStep(rows, steps.get(version) ?? { kind: "optimize" });
      if (version % 25 === 0 || version === run.newest)
        expect(shown(await run.rowsAt(version)), `version ${version}`).toEqual(shown(rows));
    }
  });

  it("WriteSerializable, with deletion vectors: none is lost or doubled, and each did what it would have on the version it read", {
    timeout: times(400_000),
  }, async () => {
    await using run = await eightWriters({ "delta.enableDeletionVectors": "true" });
    for (const { version, step, readVersion = version - 1 } of run.made) {
      const read = await run.rowsAt(readVersion);
      const did = difference(await run.rowsAt(version - 1), await run.rowsAt(version));
      expect(did, `version ${version}, which read ${readVersion}`).toEqual(difference(read, applyStep(read, step)));
    }
  });
});

interface Run extends AsyncDisposable {
  readonly newest: number;
  /** Every step of every writer was made once, but for those that had nothing to do. */
  readonly made: readonly Made[];
  rowsAt(version: number): Promise<readonly Row[]>;
}

async function eightWriters(configuration: Readonly<Record<string, string>>): Promise<Run> {
  const random = seededRandom(printedSeed("eight writers"));
  await using parts = new AsyncDisposableStack();
  const { path } = parts.use(await tempFolder());
  const engine = parts.use(createDuckDbEngine({ threads: 1 }));
  const session = parts.use(await engine.session());
  const folder = join(path, "t");
  const table = parts.use(await deltaFolder(folder, engine));
  await table.create({ schema: EVENTS, configuration });
  const plans = new Map(WRITERS.map((writer) => [writer, drawSteps(writer, STEPS, random)]));
  const said = await Promise.all([...plans].map(([writer, steps]) => write(path, folder, writer, steps)));
  process.stderr.write(`eight writers: overtaken ${said.map(({ overtaken }) => overtaken)}\n`);

  const made = stepsMade(folder, plans);
  const names = made.map(({ name }) => name).sort();
  const expected = [...plans].flatMap(([writer, steps], at) =>
    steps.flatMap(({ kind }, n) => (kind === "optimize" || said[at]?.nothing.has(n) ? [] : [`${writer} ${n}`])),
  );
  expect(names, "each once").toEqual(expected.sort());
  const cached = new Map<number, Promise<readonly Row[]>>();
  const kept = parts.move();
  return {
    made,
    newest: (await table.snapshot()).version,
    rowsAt(version) {
      const rows = cached.get(version) ?? rowsAt(session, table, version);
      cached.set(version, rows);
      return rows;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function rowsAt(session: QuerySession, table: Table, version: number): Promise<readonly Row[]> {
  const rows = await allRows(session, await table.snapshot({ version }));
  return rows.map(([id, seq]) => ({ id: String(id), seq: Number(seq) }));
}

async function write(
  path: string,
  folder: string,
  writer: string,
  steps: readonly Step[],
): Promise<{ readonly nothing: ReadonlySet<number>; readonly overtaken: number }> {
  const plan = join(path, `${writer}.json`);
  writeFileSync(plan, JSON.stringify(steps));
  const child = startWriter(writer, [folder, writer, plan]);
  const [out, [code]] = await Promise.all([text(child.stdout as NodeJS.ReadableStream), once(child, "close")]);
  expect(code, writer).toBe(0);
  return {
    nothing: new Set([...out.matchAll(/^nothing (\d+)$/gm)].map(([, n]) => Number(n))),
    overtaken: Number(/^overtaken (\d+)$/m.exec(out)?.[1]),
  };
}

function startWriter(writer: string, args: readonly string[]): ChildProcess {
  const file = (name: string) => join(import.meta.dirname, "concurrency", name);
  const script = join(import.meta.dirname, "../../scripts/services/delta-rs.sh");
  const command = OURS.includes(writer)
    ? [process.execPath, "--conditions=pinlake-source", file("writer.ts")]
    : [execFileSync(script, { encoding: "utf8" }).trim(), file("delta-rs-writer.py")];
  const [program = "", ...first] = command;
  const env = { ...process.env, NODE_OPTIONS: "" };
  return spawn(program, [...first, ...args], { stdio: ["ignore", "pipe", "inherit"], env });
}

/** As the commits tell, in their order. */
function stepsMade(folder: string, plans: ReadonlyMap<string, readonly Step[]>): (Made & { readonly name: string })[] {
  const log = join(folder, "_delta_log");
  const commits = readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name));
  return commits.sort().flatMap((name) => {
    const actions = readFileSync(join(log, name), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const txn = actions.find((action) => action.txn !== undefined)?.txn;
    if (txn === undefined) return [];
    const step = plans.get(txn.appId)?.[txn.version] as Step;
    const info = actions.find((action) => action.commitInfo !== undefined)?.commitInfo;
    const made = { version: Number(name.slice(0, 20)), step, readVersion: info?.readVersion };
    return [{ ...made, name: `${txn.appId} ${txn.version}` }];
  });
}
