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
    const started = startSpark(join(folder.path, String(starts++)), TEST_SETTINGS);
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

const TEST_SETTINGS = {
  "spark.driver.memory": "3g",
  // Out of memory it ends at once and says so, instead of going on with half of its threads.
  "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -XX:+ErrorFileToStderr",
  // Tables here have a few rows: what takes time is to plan and to compile.
  "spark.sql.shuffle.partitions": "1",
  "spark.databricks.delta.snapshotPartitions": "1",
  "spark.sql.sources.parallelPartitionDiscovery.parallelism": "1",
  "spark.sql.codegen.wholeStage": "false",
  "spark.sql.codegen.factoryMode": "NO_CODEGEN",
  "spark.databricks.delta.retentionDurationCheck.enabled": "false",
};

/** A local[2] with these settings. It takes two statements at a time, each as `{ sql }`. */
export function startSpark(folder: string, settings: Readonly<Record<string, string>>): LineProcess {
  const script = join(import.meta.dirname, "../../../scripts/services/spark.sh");
  const python = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const runner = join(import.meta.dirname, "spark-runner.py");
  const all = { "spark.sql.warehouse.dir": join(folder, "warehouse"), ...settings };
  return startLineProcess("Spark", folder, [python, runner, join(dirname(python), "../jars"), JSON.stringify(all)]);
}
