import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { addAnswersCommand } from "./answers.ts";
import { addBenchCommand } from "./bench.ts";
import { addConfigCommand } from "./config.ts";
import { type CommandContext, commandContext, type GlobalOptions } from "./context.ts";
import { addDemoCommand } from "./demo.ts";
import { addDoctorCommand } from "./doctor.ts";
import type { Effects } from "./effects.ts";
import { addEmulateCommand } from "./emulate.ts";
import { addObjectCommands } from "./objects.ts";
import { addQuarantineCommands } from "./quarantine.ts";
import { addRunCommands } from "./run.ts";
import { addRunsCommands } from "./runs.ts";
import { addSourceCommands } from "./source.ts";
import { addSqlCommand } from "./sql.ts";
import { addTableCommands } from "./tables.ts";
import { addTopicCommands } from "./topics.ts";
import { addUpCommand } from "./up.ts";

/** Adds commands to the program; `context` gives what a command's action works with, once the options are parsed. */
export type AddCommands = (program: Command, context: (command: Command) => CommandContext) => void;

const groups: readonly AddCommands[] = [
  addUpCommand,
  addDemoCommand,
  addSourceCommands,
  addEmulateCommand,
  addRunCommands,
  addRunsCommands,
  addAnswersCommand,
  addSqlCommand,
  addTopicCommands,
  addObjectCommands,
  addTableCommands,
  addQuarantineCommands,
  addConfigCommand,
  addDoctorCommand,
  addBenchCommand,
];

/** The command line as commander sees it, for the arguments `argv`. Each group loads what it needs when it runs. */
export function makeProgram(effects: Effects, json: boolean, argv: readonly string[] = []): Command {
  const program = new Command("pinlake")
    .description("The Pinterest data pipeline as one program.")
    .option(
      "--project <folder>",
      "the project to run (default: the current folder if it holds one, else the shipped one)",
    )
    .option("--data <folder>", "where everything is kept (default: ./data, or PINLAKE_DATA)")
    .addOption(
      new Option("--format <format>", "how results are printed").choices(["table", "json", "csv"]).default("table"),
    )
    .option("--json", "the same as --format json")
    .addOption(
      new Option("--log-level <level>", "what is logged to stderr")
        .choices(["silent", "error", "warn", "info", "debug"])
        .default("warn"),
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => effects.out(text),
      // Errors are told once, by whoever catches them; help that is shown for want of a command goes to stderr.
      writeErr: (text) => (text.startsWith("error:") || json ? undefined : effects.err(text)),
    });
  const context = (command: Command) => commandContext(effects, command.optsWithGlobals<GlobalOptions>());
  for (const add of groups) add(program, context);
  // An option of the program would be taken wherever it stands, and `tables read` has a --version of its own.
  const names = program.commands.map((command) => command.name());
  if (!argv.some((arg) => names.includes(arg))) program.version(packageVersion(), "-V, --version");
  for (const command of allCommands(program)) inherit(program, command);
  return program;
}

function inherit(program: Command, command: Command): void {
  if (command !== program) command.copyInheritedSettings(program);
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((child) => allCommands(child))];
}

function packageVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const found = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8")) as { name: string; version: string };
      if (found.name === "pinlake") return found.version;
    } catch {
      // Compiled, it lies one folder further up.
    }
  }
  return "0.0.0";
}
