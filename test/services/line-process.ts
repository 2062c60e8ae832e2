import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A process that answers JSON lines with JSON lines, each with the `id` of its request. */
export interface LineProcess extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Rejects when the process ends before it has answered. */
  ask<Answer>(request: object): Promise<Answer>;
  /** How it ended, with the end of what it had said, once it has. */
  readonly ended: Promise<string>;
}

/** What it says beside its answers goes to `said.log` in that folder, where it also runs. */
export function startLineProcess(name: string, folder: string, command: readonly string[]): LineProcess {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "said.log");
  const stdio: ["pipe", "pipe", number] = ["pipe", "pipe", openSync(log, "w")];
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio, cwd: folder }) as ChildProcessByStdio<Writable, Readable, null>;
  child.stdin.on("error", () => {}); // `ended` tells
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);

  const waiting = new Map<number, PromiseWithResolvers<never>>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, ...answer } = JSON.parse(line) as { id: number };
    waiting.get(id)?.resolve(answer as never);
    waiting.delete(id);
  });
  const ended = once(child, "close").then(([code, signal]) => {
    process.removeListener("exit", killed);
    const how = `${name} has ended (${signal ?? `exit code ${code}`}; ${memory()})`;
    const text = `${how}. The end of its log:\n${readFileSync(log, "utf8").slice(-4000)}`;
    for (const { reject } of waiting.values()) reject(new Error(text));
    return text;
  });
  let requests = 0;
  return {
    pid: child.pid,
    ended,
    ask(request) {
      const answered = Promise.withResolvers<never>();
      const id = requests++;
      waiting.set(id, answered);
      child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
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
  const line = (path: string, wanted: RegExp) => {
    try {
      return wanted.exec(readFileSync(path, "utf8"))?.[0].replaceAll(/\s+/g, " ");
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
