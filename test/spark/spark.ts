import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** One Spark with Delta Lake, as a process of its own. */
export interface Spark extends AsyncDisposable {
  /** Every value as Spark's own text of it, NULL as null. Throws what Spark says against the statement. */
  sql(statement: string): Promise<(string | null)[][]>;
}

export async function startSpark(warehouse: string): Promise<Spark> {
  const script = join(import.meta.dirname, "../../scripts/services/spark.sh");
  const python = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const jars = join(dirname(python), "../jars");
  const said = join(warehouse, "../spark.log");
  const child = spawn(python, [join(import.meta.dirname, "spark-runner.py"), jars, warehouse], {
    stdio: ["pipe", "pipe", openSync(said, "w")],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  return {
    sql(statement) {
      const mine = last.then(async () => {
        child.stdin.write(`${JSON.stringify(statement)}\n`);
        const { value, done } = await lines.next();
        if (done) throw new Error(`Spark has ended: ${statement}\n${readFileSync(said, "utf8").slice(-4000)}`);
        const answer = JSON.parse(value) as { rows: (string | null)[][] } | { error: string };
        if ("error" in answer) throw new Error(`${statement}: ${answer.error}`);
        return answer.rows;
      });
      last = mine.catch(() => {});
      return mine;
    },
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", killed);
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    },
  };
}
