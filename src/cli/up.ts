import type { CommandContext } from "./context.ts";
import type { AddCommands } from "./program.ts";
import { DRAINING, untilAborted } from "./until-aborted.ts";

export const addUpCommand: AddCommands = (program, context) => {
  const up = program
    .command("up")
    .description("runs everything in one process until SIGTERM or SIGINT, then drains and exits 0");
  up.action(async () => {
    const on = context(up);
    const { openApp } = await import("../app.ts");
    await using app = await openApp({ project: await on.project(), data: on.data });
    await using serving = await app.serve({ logLevel: on.logLevel });
    printAddresses(on, serving);
    await untilAborted(on.effects.signal);
    on.note(DRAINING);
    // What was acknowledged is kept whatever a stage behind the log did; that it did is what the command ends with.
    const failure = serving.failure();
    if (failure !== undefined) throw failure;
  });
};

/** One line per listening address. */
export function printAddresses(
  { effects, format }: CommandContext,
  { gateway, console: consoleUrl }: { readonly gateway: string; readonly console: string },
): void {
  for (const [what, url] of [
    ["gateway", gateway],
    ["console", consoleUrl],
  ] as const)
    effects.out(format === "json" ? `${JSON.stringify({ listening: what, url })}\n` : `${what} listening on ${url}\n`);
}
