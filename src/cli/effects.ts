import type { Environment } from "../config/environment.ts";

/** Everything a command may do to the world outside its data: handed in, so that tests can hand in their own. */
export interface Effects {
  readonly cwd: string;
  readonly environment: Environment;
  out(text: string | Uint8Array): void;
  /** Resolves when what was given to `out` no longer gathers in memory. */
  outDrained(): Promise<void>;
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Width of the terminal, in characters. */
  readonly columns: number;
  /** Aborted by Ctrl-C or a request to end; the reason is an `Interrupted`. */
  readonly signal: AbortSignal;
}

/** Why a command's signal was aborted: somebody asked the process to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export const INTERRUPTED_EXIT = 130;
