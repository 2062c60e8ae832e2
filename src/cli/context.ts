import { resolve } from "node:path";
import type { ResultPieces, ResultTable } from "../app/results.ts";
import type { Project } from "../config/load-project.ts";
import type { Effects } from "./effects.ts";
import { formatPieces, formatRows, type OutputFormat } from "./format-rows.ts";
import { terminalText } from "./terminal-text.ts";

/** The options that every command takes. */
export interface GlobalOptions {
  readonly project?: string;
  readonly data?: string;
  readonly format: OutputFormat;
  readonly json?: true;
  readonly logLevel: string;
}

/** What a command works with: its effects, its global options, and the project that they choose. */
export interface CommandContext {
  readonly effects: Effects;
  readonly format: OutputFormat;
  /** The data folder's path. */
  readonly data: string;
  readonly logLevel: string;
  /** What another command must be given to mean the same project and folder: empty, or options before which a space stands. */
  readonly sameFolder: string;
  project(): Promise<Project>;
  /** Bytes as they are; on a terminal as text that it does not obey. */
  printBytes(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Rows in the format asked for. */
  printRows(table: ResultTable): void;
  /** Rows that need not fit in memory, unless they are to be aligned for people. */
  printPieces(pieces: ResultPieces): Promise<void>;
  /** A document: JSON when asked for, else what `text` says. */
  print(document: unknown, text: () => string): void;
  /** A word on what is happening, for people: stderr, and only on a terminal. */
  note(text: string): void;
}

export function commandContext(effects: Effects, options: GlobalOptions): CommandContext {
  const format = options.json === true ? "json" : options.format;
  // What a record holds is for files and pipes as it is, and for a terminal only as text.
  const out = (text: string) => effects.out(effects.outIsTerminal ? terminalText(text) : text);
  return {
    effects,
    format,
    data: resolve(effects.cwd, options.data ?? effects.environment.PINLAKE_DATA ?? "data"),
    logLevel: options.logLevel,
    sameFolder: (["project", "data"] as const)
      .map((name) => (options[name] === undefined ? "" : ` --${name} ${shellWord(options[name])}`))
      .join(""),
    async project() {
      const [{ findProject }, { loadProject }] = await Promise.all([
        import("../config/find-project.ts"),
        import("../config/load-project.ts"),
      ]);
      return loadProject(findProject(options.project, effects.cwd), effects.environment);
    },
    async printBytes(chunks) {
      const decoder = new TextDecoder();
      for await (const chunk of chunks) {
        if (effects.outIsTerminal) out(decoder.decode(chunk, { stream: true }));
        else effects.out(chunk);
        await effects.outDrained();
      }
      if (effects.outIsTerminal) out(decoder.decode());
    },
    printRows: (table) => out(formatRows(table, format)),
    async printPieces(pieces) {
      for await (const text of formatPieces(pieces, format)) {
        out(text);
        await effects.outDrained();
      }
    },
    print: (document, text) => out(format === "json" ? `${JSON.stringify(document)}\n` : text()),
    note: (text) => {
      if (effects.errIsTerminal && format !== "json") effects.err(`${text}\n`);
    },
  };
}

const shellWord = (text: string): string =>
  /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
