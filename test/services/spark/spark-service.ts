import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { tempFolder } from "../../support/temp-folder.ts";
import { type SparkAnswer, type SparkProcess, startSparkProcess } from "./spark-process.ts";

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
  let running: SparkProcess | undefined;
  let starts = 0;
  let closing = false;

  function spark(): SparkProcess {
    if (running !== undefined) return running;
    const started = startSparkProcess(join(folder.path, String(starts++)));
    running = started;
    started.ended.then((how) => {
      running = undefined;
      if (!closing) process.stderr.write(`${how}\n`);
    });
    return started;
  }

  const server = createServer(async (request, response) => {
    const sql = await text(request);
    const answer: SparkAnswer = await spark()
      .run(sql)
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
