import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { tempFolder } from "../../support/temp-folder.ts";
import { type LineProcess, startLineProcess } from "../line-process.ts";

export type SparkAnswer = { readonly rows: (string | null)[][] } | { readonly error: string };

/** One Spark for all who post SQL to its address. */
export interface SparkService extends AsyncDisposable {
  readonly url: string;
  /** Of the Spark that runs now, if one does. */
  readonly pid: number | undefined;
}

/**
 * It starts with the first statement. When it dies, what it was doing fails with the end of its log, which is printed as
 * well, and the next statement has a new one.
 */
export async function serveSpark(): Promise<SparkService> {
  const folder = await tempFolder();
  let running: LineProcess | undefined;
  let starts = 0;
  let closing = false;

  function spark(): LineProcess {
    if (running !== undefined) return running;
    const started = startSpark(join(folder.path, String(starts++)));
    running = started;
    started.ended.then((how) => {
      running = undefined;
      if (!closing) process.stderr.write(`${how}\n`);
    });
    return started;
  }

  const server = createServer(async (request, response) => {
    const sql = await text(request);
    const answer = await spark()
      .ask<SparkAnswer>({ sql })
      .catch(({ message }: Error) => ({ error: message }));
    response.end(JSON.stringify(answer));
  });
  server.requestTimeout = 0;
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get pid() {
      return running?.pid;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      server.close();
      server.closeAllConnections();
      await running?.[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** It takes two statements at a time. */
function startSpark(folder: string): LineProcess {
  const script = join(import.meta.dirname, "../../../scripts/services/spark.sh");
  const python = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const runner = join(import.meta.dirname, "spark-runner.py");
  return startLineProcess("Spark", folder, [
    python,
    runner,
    join(dirname(python), "../jars"),
    join(folder, "warehouse"),
  ]);
}
