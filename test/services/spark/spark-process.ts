import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export type SparkAnswer = { readonly rows: (string | null)[][] } | { readonly error: string };

/** One Spark with Delta Lake, as a process of its own. */
export interface SparkProcess extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Statements may run two at a time. Rejects when the process ends before it has answered. */
  run(sql: string): Promise<SparkAnswer>;
  /** How it ended, with the end of what it had said, once it has. */
  readonly ended: Promise<string>;
}

/** What it says goes to `spark.log` in that folder. */
export function startSparkProcess(folder: string): SparkProcess {
  const script = join(import.meta.dirname, "../../../scripts/services/spark.sh");
  const python = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  const jars = join(dirname(python), "../jars");
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "spark.log");
  const args = [join(import.meta.dirname, "spark-runner.py"), jars, join(folder, "warehouse")];
  const stdio: ["pipe", "pipe", number] = ["pipe", "pipe", openSync(log, "w")];
  const child = spawn(python, args, { stdio, cwd: folder }) as ChildProcessByStdio<Writable, Readable, null>;
  child.stdin.on("error", () => {}); // `ended` tells
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);

  const waiting = new Map<number, PromiseWithResolvers<SparkAnswer>>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, ...answer } = JSON.parse(line) as SparkAnswer & { id: number };
    waiting.get(id)?.resolve(answer);
    waiting.delete(id);
  });
  const ended = once(child, "close").then(([code, signal]) => {
    process.removeListener("exit", killed);
    const how = `Spark has ended (${signal ?? `exit code ${code}`}; ${memory()})`;
    const text = `${how}. The end of its log:\n${readFileSync(log, "utf8").slice(-4000)}`;
    for (const { reject } of waiting.values()) reject(new Error(text));
    return text;
  });
  let requests = 0;
  return {
    pid: child.pid,
    ended,
    run(sql) {
      const answered = Promise.withResolvers<SparkAnswer>();
      const id = requests++;
      waiting.set(id, answered);
      child.stdin.write(`${JSON.stringify({ id, sql })}\n`);
      return answered.promise;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Whether the system may have ended it: what was free, and how many processes the kernel has killed for memory. */
function memory(): string {
  const line = (path: string, name: RegExp) => {
    try {
      return name.exec(readFileSync(path, "utf8"))?.[0].replaceAll(/\s+/g, " ");
    } catch {
      return undefined;
    }
  };
  const facts = [
    line("/proc/meminfo", /^MemAvailable.*$/m),
    line("/proc/vmstat", /^oom_kill .*$/m),
    line("/sys/fs/cgroup/memory.max", /^.+$/m),
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}
