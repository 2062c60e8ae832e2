import type { Effects } from "./effects.ts";

export interface ProgressBlock extends AsyncDisposable {
  /** Draws it a last time and leaves it standing. */
  end(): Promise<void>;
}

const REDRAW_MS = 100;

/** A few lines on stderr, drawn again and again in place; nothing at all when that is no terminal. */
export function progressBlock(
  effects: Effects,
  lines: () => readonly string[] | Promise<readonly string[]>,
): ProgressBlock {
  let drawn = 0;
  let last: Promise<void> = Promise.resolve();
  let ended = !effects.errIsTerminal;

  async function draw(): Promise<void> {
    const now = (await lines()).map((line) => cut(line, effects.columns));
    // To the first column too: Ctrl-C is echoed where the cursor stands.
    const up = drawn > 0 ? `\u001b[${drawn}F` : "";
    effects.err(`${up}${now.map((line) => `\u001b[2K${line}\n`).join("")}`);
    drawn = now.length;
  }

  const timer = ended
    ? undefined
    : setInterval(() => {
        last = last.then(() => (ended ? undefined : draw())).catch(() => undefined);
      }, REDRAW_MS);

  const end = async () => {
    clearInterval(timer);
    if (ended) return;
    ended = true;
    await last;
    await draw();
  };
  return { end, [Symbol.asyncDispose]: end };
}

const cut = (line: string, columns: number): string => [...line].slice(0, Math.max(20, columns - 1)).join("");
