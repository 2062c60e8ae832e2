import { CommanderError } from "commander";
import { exitCodeOf, isPinlakeError } from "../errors.ts";
import { nameSystemError } from "../storage-error.ts";
import { type Effects, INTERRUPTED_EXIT, Interrupted } from "./effects.ts";
import { processEffects } from "./process-effects.ts";
import { makeProgram } from "./program.ts";

/** Runs one command line; resolves with the exit code. */
export async function runCli(argv: readonly string[], effects: Effects): Promise<number> {
  const json = wantsJson(argv);
  try {
    await makeProgram(effects, json, argv).parseAsync([...argv], { from: "user" });
    return 0;
  } catch (thrown) {
    const error = nameSystemError(thrown);
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (effects.signal.aborted && (error === effects.signal.reason || isAbort(error))) return INTERRUPTED_EXIT;
    const usage = error instanceof CommanderError;
    const code = usage ? "USAGE" : isPinlakeError(error) ? error.code : "INTERNAL";
    // Help was shown for want of a command.
    const helped = usage && error.code === "commander.help";
    if (helped && !json) return USAGE_EXIT;
    const message = usage
      ? helped
        ? "A command is needed; --help lists them."
        : error.message.replace(/^error: /, "")
      : error instanceof Error
        ? error.message
        : String(error);
    effects.err(json ? `${JSON.stringify({ error: { code, message } })}\n` : `pinlake: ${message}\n`);
    // What nobody foresaw is a bug: its stack is what its finder needs.
    if (code === "INTERNAL" && error instanceof Error && !json) effects.err(`${error.stack}\n`);
    return usage ? USAGE_EXIT : exitCodeOf(error);
  }
}

/** The whole process: its arguments, its streams, its exit. */
export async function runProcess(): Promise<never> {
  process.on("uncaughtException", (error) => {
    process.stderr.write(`pinlake: a fault nobody caught\n${error.stack}\n`);
    process.exit(INTERNAL_EXIT);
  });
  const code = await runCli(process.argv.slice(2), processEffects());
  // Both streams may be pipes that still hold something.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
  process.exit(code);
}

const USAGE_EXIT = 64;
const INTERNAL_EXIT = 70;

/** Known before the arguments are parsed, as an error in them must take this form too. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (arg, i) => arg === "--json" || arg === "--format=json" || (arg === "--format" && argv[i + 1] === "json"),
  );
}

const isAbort = (error: unknown): boolean =>
  error instanceof Interrupted || (error instanceof Error && error.name === "AbortError");
