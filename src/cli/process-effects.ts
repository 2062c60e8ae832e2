import { once } from "node:events";
import { type Effects, INTERRUPTED_EXIT, Interrupted } from "./effects.ts";

/** The effects of the real process. A second Ctrl-C ends it at once. */
export function processEffects(): Effects {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => {
      if (controller.signal.aborted && name === "SIGINT") process.exit(INTERRUPTED_EXIT);
      controller.abort(new Interrupted(name));
    });
  // Whoever reads our output may stop reading, as `head` does: then there is nobody left to tell.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 70));
  return {
    cwd: process.cwd(),
    environment: process.env,
    out: (text) => void process.stdout.write(text),
    async outDrained() {
      if (process.stdout.writableNeedDrain) await once(process.stdout, "drain", { signal: controller.signal });
    },
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true,
    // A dumb one cannot draw in place.
    errIsTerminal: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    columns: process.stderr.columns ?? 80,
    signal: controller.signal,
  };
}
