import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs as another user: root may write where others may not. */
  readonly uid?: number;
}

const BIN = join(import.meta.dirname, "../../bin/pinlake.js");

/** A command under way, as a child process of its own. Its ports are free ones unless the environment says else. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly done: Promise<CommandResult>;
  /** Resolves with the first match in what it printed; rejects when it ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

process.setMaxListeners(50);

export function startPinlake(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    env: { ...process.env, PINLAKE_GATEWAY_PORT: "0", PINLAKE_CONSOLE_PORT: "0", ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  // A test that fails leaves its commands to the worker's end.
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);
  child.once("exit", () => process.removeListener("exit", killed));
  let out = "";
  let err = "";
  const looking = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const look of looking) look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const done = new Promise<CommandResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
  return {
    child,
    done,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(out);
          if (match === null) return;
          looking.delete(look);
          resolve(match);
        };
        looking.add(look);
        look();
        void done.then(() => reject(new Error(`ended without printing ${pattern}: ${out}${err}`)), reject);
      }),
  };
}

/** Runs a command to its end. */
export const pinlake = (args: readonly string[], options?: CommandOptions): Promise<CommandResult> =>
  startPinlake(args, options).done;

/** The document that a command printed; fails with its words when it did not end well. */
export async function pinlakeJson<T>(args: readonly string[], options?: CommandOptions): Promise<T> {
  const { code, out, err } = await pinlake([...args, "--json"], options);
  if (code !== 0) throw new Error(`pinlake ${args.join(" ")} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
}
