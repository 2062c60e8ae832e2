import type { Clock } from "../clock.ts";
import type { Project } from "../config/load-project.ts";
import type { Operations } from "../console/operations.ts";
import { PinlakeError } from "../errors.ts";
import { readToken } from "./console-token.ts";
import { type DataFolder, dataFolder } from "./data-folder.ts";
import { readUpFile } from "./up-file.ts";

export interface WithOperationsOptions {
  readonly data: string;
  readonly clock: Clock;
  /** Loaded only when this process does the work itself. */
  readonly project: () => Promise<Project>;
  /** What makes no sense without a running `up`: then NOT_RUNNING is thrown, naming it. */
  readonly onlyUp?: string;
}

/**
 * Has work carried out by who holds the folder: by a running `up` over its console, else by this process, which holds
 * the folder meanwhile. Throws FOLDER_LOCKED when another verb holds it.
 */
export async function withOperations<T>(
  options: WithOperationsOptions,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const folder = dataFolder(options.data);
  const url = await runningConsole(folder, options.clock);
  if (url !== undefined) {
    const { remoteOperations } = await import("../console/client.ts");
    await using remote = remoteOperations(url, readToken(folder.token) ?? "");
    return await work(remote);
  }
  if (options.onlyUp !== undefined)
    throw new PinlakeError("NOT_RUNNING", { folder: folder.root, what: options.onlyUp });
  const [{ openApp }, project] = await Promise.all([import("../app.ts"), options.project()]);
  await using app = await openApp({ project, data: options.data, clock: options.clock });
  return await work(app.operations);
}

/**
 * Topics and streams to look at, and their records: through a running `up`, else from the log's files as they are, which
 * needs no lock.
 */
export async function withTopics<T>(
  options: WithOperationsOptions,
  work: (topics: Pick<Operations, "list" | "read">) => Promise<T>,
): Promise<T> {
  const folder = dataFolder(options.data);
  const url = await runningConsole(folder, options.clock);
  if (url !== undefined || options.onlyUp !== undefined) return withOperations(options, work);
  const [{ openLog }, { topicsOf }, { config, datasets }] = await Promise.all([
    import("./drivers.ts"),
    import("./topics.ts"),
    options.project(),
  ]);
  await using log = await openLog(config, folder, options.clock, { readOnly: true });
  return await work(topicsOf(log, config, datasets));
}

const STARTING_MS = 2000;

/** The console of the process that holds the folder; one that is just starting gets a moment. */
async function runningConsole(folder: DataFolder, clock: Clock): Promise<string | undefined> {
  const deadline = clock.monotonic() + STARTING_MS;
  for (;;) {
    const up = readUpFile(folder.up);
    if (up === undefined || clock.monotonic() >= deadline) return undefined;
    if (up.console !== undefined) return (await answers(up.console)) ? up.console : undefined;
    await clock.sleep(50);
  }
}

/** A process id may have been given anew since `up` was killed; then nobody listens there, or somebody else. */
async function answers(url: string): Promise<boolean> {
  try {
    const reply = await fetch(`${url}/api/status`, { headers: { authorization: "none" } });
    await reply.body?.cancel();
    return reply.status === 401;
  } catch {
    return false;
  }
}
