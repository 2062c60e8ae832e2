import { accessSync, constants, existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { systemClock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import type { Config } from "../define/config.ts";
import { PinlakeError } from "../errors.ts";
import { openSqlite } from "../sqlite-file.ts";
import { type DataFolder, dataFolder } from "./data-folder.ts";
import { isLocked } from "./lock.ts";
import type { Repair } from "./repair.ts";
import { readUpFile, type UpFile } from "./up-file.ts";

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What was repaired before. */
  readonly repaired?: Repair;
}

const LOW_DISK_BYTES = 1024 ** 3;

/** Looks at everything that has to be right for a start, at every byte of the log and the objects, and at the files of every table. Changes nothing. */
export async function* diagnose(project: Project, data: string, signal: AbortSignal): AsyncGenerator<Finding> {
  const { config } = project;
  const folder = dataFolder(data);
  const major = Number(process.versions.node.split(".")[0]);
  yield { check: "node", ok: major >= 24, detail: `${process.version}, 24 or newer is needed` };
  yield folderFinding(folder);
  yield await diskFinding(folder);
  // What it says is true only of who holds the lock: another process may have the pid of one that is gone.
  const held = isLocked(folder);
  const up = held === true ? readUpFile(folder.up) : undefined;
  yield lockFinding(held, up);
  yield stateFinding(folder);
  for (const section of ["gateway", "console"] as const) {
    const ours = up?.[section];
    yield ours === undefined
      ? await portFinding(section, config[section].host, config[section].port)
      : { check: `${section} port`, ok: true, detail: `${ours} is process ${up?.pid} on this folder` };
  }
  yield await logFinding(folder, signal);
  yield await objectsFinding(config, folder, signal);
  yield await tablesFinding(project, folder, signal);
  if (held !== true) yield await conservationFinding(project, folder);
}

function lockFinding(held: boolean | PinlakeError, up: UpFile | undefined): Finding {
  if (typeof held === "object") return { check: "lock", ok: false, detail: held.message };
  const holder = up === undefined ? "another process" : `process ${up.pid}`;
  return { check: "lock", ok: true, detail: held ? `held by ${holder}` : "free" };
}

/** Where groups have come, and the runs. */
function stateFinding({ state }: DataFolder): Finding {
  if (!existsSync(state)) return { check: "state", ok: true, detail: "there is none yet" };
  try {
    const database = openSqlite(state, { readOnly: true });
    const [said] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
    database.close();
    return { check: "state", ok: said === "ok", detail: said === "ok" ? "it can be read" : `${state}: ${said}` };
  } catch (error) {
    return { check: "state", ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function folderFinding({ root }: DataFolder): Finding {
  let nearest = root;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return { check: "folder", ok: true, detail: nearest === root ? root : `${root} (not made yet)` };
  } catch {
    return { check: "folder", ok: false, detail: `${nearest} may not be written to` };
  }
}

async function diskFinding({ root }: DataFolder): Promise<Finding> {
  let nearest = root;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const { bavail, bsize } = await statfs(nearest);
  const free = bavail * bsize;
  return { check: "disk", ok: free >= LOW_DISK_BYTES, detail: `${(free / 1024 ** 3).toFixed(1)} GiB free` };
}

async function portFinding(section: string, host: string, port: number): Promise<Finding> {
  const problem = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
  const detail = `${host}:${port} ${problem === undefined ? "is free" : `cannot be listened on: ${problem}`}`;
  return { check: `${section} port`, ok: problem === undefined, detail };
}

/** Throws LOG_CORRUPT for the first damaged place. */
async function logFinding(folder: DataFolder, signal: AbortSignal): Promise<Finding> {
  if (!existsSync(folder.log)) return { check: "log", ok: true, detail: "there is none yet" };
  const { damageOf } = await import("./drivers.ts");
  for await (const { file, position, reason } of damageOf(folder)) {
    signal.throwIfAborted();
    throw new PinlakeError("LOG_CORRUPT", { file, position, reason });
  }
  return { check: "log", ok: true, detail: "every frame's checksum is right" };
}

/** Throws TABLE_CORRUPT for the first table that cannot be read, LOG_BEHIND when the log was deleted. */
async function tablesFinding(project: Project, folder: DataFolder, signal: AbortSignal): Promise<Finding> {
  if (!existsSync(folder.tables)) return { check: "tables", ok: true, detail: "there are none yet" };
  const [{ openLog }, { checkTables }, { checkTaken }] = await Promise.all([
    import("./drivers.ts"),
    import("./check-tables.ts"),
    import("./check-progress.ts"),
  ]);
  const { count, taken } = await checkTables(project, folder.root, signal);
  await using log = await openLog(project.config, folder, systemClock, { readOnly: true });
  await checkTaken(taken, log);
  return { check: "tables", ok: true, detail: `${count} can be read, all their files are there` };
}

/** Throws NOT_CONSERVED unless the tables hold what they say they took. Counted at rest only: a running up works on them. */
async function conservationFinding(project: Project, folder: DataFolder): Promise<Finding> {
  if (!existsSync(folder.tables)) return { check: "conservation", ok: true, detail: "there is nothing to count yet" };
  const [{ openLog }, { openReader }, { conservation }, { conservationProblems }] = await Promise.all([
    import("./drivers.ts"),
    import("./reader.ts"),
    import("./verify.ts"),
    import("../quarantine/conservation.ts"),
  ]);
  await using log = await openLog(project.config, folder, systemClock, { readOnly: true });
  await using reader = await openReader(project, folder.root);
  await using session = await reader.engine.session();
  const all = await conservation({ ...reader, project, log, upTo: "tables" }, session);
  const problems = conservationProblems(all);
  if (problems.length > 0) throw new PinlakeError("NOT_CONSERVED", { problems });
  const events = all.reduce((sum, one) => sum + one.events, 0);
  return { check: "conservation", ok: true, detail: `all ${events} events that the tables took are accounted for` };
}

/** Throws OBJECTS_DAMAGED for the first object that is not whole or missing between others; LOG_BEHIND when the log was deleted. */
async function objectsFinding(config: Config, folder: DataFolder, signal: AbortSignal): Promise<Finding> {
  if (!existsSync(folder.objects) && !existsSync(folder.log))
    return { check: "objects", ok: true, detail: "there are none yet" };
  const [{ openLog, openStores }, { checkObjectProgress, takenByObjects }, { damagedObjects }] = await Promise.all([
    import("./drivers.ts"),
    import("./check-progress.ts"),
    import("./check-objects.ts"),
  ]);
  const { objects } = await openStores(config, folder);
  const taken = await takenByObjects(objects, signal);
  await using log = await openLog(config, folder, systemClock, { readOnly: true });
  await checkObjectProgress(taken, log);
  for await (const { of, key, from, to, reason } of damagedObjects(objects, log, signal))
    throw new PinlakeError("OBJECTS_DAMAGED", { of: `${of.name}/${of.partition}`, key, from, to, reason });
  return { check: "objects", ok: true, detail: "every object is whole, and no offset between them is missing" };
}
