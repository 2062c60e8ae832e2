import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { seededRandom } from "./seeded-random.ts";

export interface ChildLife {
  readonly child: ChildProcess;
  /** Lines that the child printed, in order; a line counts once its newline was read. */
  readonly lines: readonly string[];
  /** Resolves when the child printed a line that begins so; rejects when it ended before. */
  until(prefix: string): Promise<string>;
  /** SIGKILL, and wait until the process is gone and its output read. */
  kill(): Promise<void>;
  /** Waits for the child's own end; its exit code. */
  ended: Promise<number | null>;
}

const COMPILE_CACHE = join(tmpdir(), "node-compile-cache");

/** Starts a TypeScript file as a process of its own, as a user's would run: same Node, source condition, quiet. */
export function startChild(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): ChildLife {
  const child = spawn(process.execPath, ["--conditions=pinlake-source", file, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  });
  const lines: string[] = [];
  const waiters = new Set<{ prefix: string; resolve: (line: string) => void; reject: (error: Error) => void }>();
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on("line", (line) => {
    lines.push(line);
    for (const waiter of waiters) {
      if (!line.startsWith(waiter.prefix)) continue;
      waiters.delete(waiter);
      waiter.resolve(line);
    }
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      for (const waiter of waiters) waiter.reject(new Error(`the child ended (${code}) before "${waiter.prefix}"`));
      waiters.clear();
      resolve(code);
    });
  });
  return {
    child,
    lines,
    ended,
    until(prefix) {
      const seen = lines.find((line) => line.startsWith(prefix));
      if (seen !== undefined) return Promise.resolve(seen);
      return new Promise((resolve, reject) => waiters.add({ prefix, resolve, reject }));
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

export interface KillLoopOptions {
  readonly file: string;
  /** Arguments of life `n`, counted from 0. */
  readonly args: (life: number) => readonly string[];
  readonly kills: number;
  /** The child prints this line when the work that is to be interrupted begins. */
  readonly ready: string;
  /** It is killed a random time after that, up to so many ms. */
  readonly withinMs: number;
  readonly seed: number;
  /** Looks at what the dead process left, before the next life. */
  readonly afterKill?: (life: number, lines: readonly string[]) => Promise<void> | void;
}

/** Starts a child again and again and kills it (SIGKILL) at a random moment of its work. */
export async function killLoop(options: KillLoopOptions): Promise<void> {
  const random = seededRandom(options.seed);
  for (let life = 0; life < options.kills; life++) {
    const process = startChild(options.file, options.args(life));
    try {
      await process.until(options.ready);
      await new Promise((resolve) => setTimeout(resolve, random() * options.withinMs));
    } finally {
      await process.kill();
    }
    await options.afterKill?.(life, process.lines);
  }
}
