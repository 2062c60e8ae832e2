import { InvalidArgumentError, Option } from "commander";
import type { EmulatorResult } from "../app/emulate.ts";
import { integer, positiveInteger } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { progressBlock } from "./progress-block.ts";

interface EmulateFlags {
  readonly to: "batch" | "stream" | "both";
  readonly url?: string;
  readonly posts?: number;
  readonly seed: number;
  readonly delay?: { readonly minMs: number; readonly maxMs: number };
  readonly random: "python" | "uniform" | "all";
  readonly inFlight: number;
}

export const addEmulateCommand: AddCommands = (program, context) => {
  const command = program
    .command("emulate")
    .description("plays the source's rows as users' posts over HTTP; without --posts until Ctrl-C")
    .addOption(new Option("--to <arm>", "which APIs get them").choices(["batch", "stream", "both"]).default("both"))
    .option("--url <url>", "of the gateway (default: the running one's, else the configured one)")
    .option("--posts <number>", "how many", positiveInteger)
    .option("--seed <number>", "the same seed gives the same posts", integer, 100)
    .option("--delay <range>", "seconds before each post, such as 0..2 or none (default: what --random says)", delay)
    .addOption(
      new Option("--random <way>", "python: the original's draws; uniform: any row; all: every row once, by key")
        .choices(["python", "uniform", "all"])
        .default("python"),
    )
    .option("--in-flight <number>", "posts under way at once", positiveInteger, 1);
  command.action(async () => {
    const on = context(command);
    const { url, ...flags } = command.opts<EmulateFlags>();
    const [{ emulate, requireAllAccepted }, { dataFolder }, { readUpFile }, { systemClock }, project] =
      await Promise.all([
        import("../app/emulate.ts"),
        import("../app/data-folder.ts"),
        import("../app/up-file.ts"),
        import("../clock.ts"),
        on.project(),
      ]);
    const folder = dataFolder(on.data);
    const { host, port } = project.config.gateway;
    await using progress = progressBlock(on.effects, () => [last === undefined ? "posting" : describe(last)]);
    let last: EmulatorResult | undefined;
    const result = await emulate({
      ...flags,
      project,
      folder,
      clock: systemClock,
      url: url ?? readUpFile(folder.up)?.gateway ?? `http://${host}:${port}`,
      signal: on.effects.signal,
      onProgress: (reached) => {
        last = reached;
      },
    });
    await progress.end();
    on.print(result, () => `${describe(result)}\n`);
    requireAllAccepted(result);
    // Without an end of its own, being interrupted is how it ends.
    if (flags.posts !== undefined || flags.random === "all") on.effects.signal.throwIfAborted();
  });
};

const describe = ({ posts, sent, failed, missing }: EmulatorResult): string =>
  [
    `${posts.sent} posts, ${sent} records accepted`,
    ...(failed > 0 ? [`${failed} records of ${posts.failed} posts not`] : []),
    ...(missing > 0 ? [`${missing} rows missing in the source`] : []),
  ].join(", ");

function delay(text: string): { minMs: number; maxMs: number } {
  if (text === "none") return { minMs: 0, maxMs: 0 };
  const range = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)$/.exec(text);
  const [minMs, maxMs] = [Number(range?.[1]) * 1000, Number(range?.[2]) * 1000];
  if (range === null || minMs > maxMs) throw new InvalidArgumentError("It must be MIN..MAX in seconds, or none.");
  return { minMs, maxMs };
}
