import type { Progress } from "../app/delta.ts";
import type { CommandContext } from "./context.ts";
import { progressBlock } from "./progress-block.ts";

/** Runs `work` beneath a line on the terminal that says how far it is. */
export async function withProgress<T>(
  on: CommandContext,
  what: string,
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  let line = what;
  await using _block = progressBlock(on.effects, () => [line]);
  return await work(({ done, total }) => {
    line = `${what}: ${done} of ${total}`;
  });
}
