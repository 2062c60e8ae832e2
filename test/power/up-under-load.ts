import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readToken } from "../../src/app/console-token.ts";
import { dataFolder } from "../../src/app/data-folder.ts";
import { remoteOperations } from "../../src/console/client.ts";
import { startChild } from "../support/kill-loop.ts";
import { type Acknowledged, DATASETS, type Poster, poster, postOther } from "./load.ts";

const OTHERS = 8;
const WITHOUT_SYNC = new URL("./without-sync.ts", import.meta.url).href;

/** Small limits, so that every kind of file is written often. */
export const SETTINGS = {
  PINLAKE_GATEWAY_PORT: "0",
  PINLAKE_CONSOLE_PORT: "0",
  PINLAKE__SINK__MAX_RECORDS: "100",
  PINLAKE__SINK__MAX_AGE_MS: "300",
  PINLAKE__STREAM__TRIGGER_MS: "50",
  PINLAKE__LOG__SEGMENT_BYTES: "100000",
};

/** A `pinlake up` on a folder, with clients that post to both arms and batch runs one after another. */
export interface UpUnderLoad extends AsyncDisposable {
  /** Stops every thread of it where it stands. */
  stop(): Promise<void>;
  goOn(): void;
  readonly acknowledged: Acknowledged;
  readonly posters: readonly Poster[];
  /** Batch runs that ended well. */
  readonly runs: number;
  /** Requests and runs that were refused or failed, where that may be. */
  readonly refused: number;
  readonly pid: number;
}

export interface UpOptions {
  readonly withoutSync?: WithoutSync | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** What fails is tried again. Default: it fails the test. */
  readonly mayFail?: boolean;
}

/** Whose syncs are to do nothing: the log's, or those of objects and tables. */
export type WithoutSync = "log" | "store";

export async function upUnderLoad(
  data: string,
  seed: number,
  { withoutSync, environment, mayFail = false }: UpOptions = {},
): Promise<UpUnderLoad> {
  const program = join(import.meta.dirname, "../../bin/pinlake.js");
  const up = startChild(program, ["up"], {
    ...SETTINGS,
    ...environment,
    PINLAKE_DATA: data,
    ...(withoutSync === undefined ? {} : { NODE_OPTIONS: `--import=${WITHOUT_SYNC}`, WITHOUT_SYNC: withoutSync }),
  });
  const url = (await up.until("gateway listening on ")).slice("gateway listening on ".length);
  const acknowledged: Acknowledged = new Map();
  const posters = DATASETS.map((dataset, i) => poster(dataset, seed + i, acknowledged));
  const { pid = 0 } = up.child;
  let over = false;
  let [runs, refused] = [0, 0];
  const untilOver = async (work: () => Promise<void>) => {
    while (!over)
      await work().catch(async (error: unknown) => {
        if (over) return;
        if (!mayFail) throw error;
        refused++;
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
  };
  let others = 0;
  const operations = remoteOperations(consoleOf(data), readToken(dataFolder(data).token) ?? "");
  const load = [
    ...posters.map((one) => untilOver(() => one.post(url))),
    ...Array.from({ length: OTHERS }, () => untilOver(() => postOther(url, `other ${others++}`, acknowledged))),
    untilOver(async () => {
      await operations.run({ name: "daily" });
      runs++;
    }),
  ];
  Promise.all(load).catch(() => {}); // told when it is disposed of
  const stopped = (): boolean =>
    readdirSync(`/proc/${pid}/task`).every((task) =>
      /^\d+ \(.*\) [Tt]/.test(readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8")),
    );
  return {
    acknowledged,
    posters,
    get runs() {
      return runs;
    },
    get refused() {
      return refused;
    },
    pid,
    async stop() {
      process.kill(pid, "SIGSTOP");
      // A thread in a system call stops when that returns.
      while (!stopped()) await new Promise((resolve) => setImmediate(resolve));
    },
    goOn: () => void process.kill(pid, "SIGCONT"),
    async [Symbol.asyncDispose]() {
      over = true;
      await up.kill();
      await operations[Symbol.asyncDispose]();
      await Promise.all(load);
    },
  };
}

const consoleOf = (data: string): string =>
  (JSON.parse(readFileSync(dataFolder(data).up, "utf8")) as { console: string }).console;
