import type { Argument, Command, Option } from "commander";
import type { Effects } from "../../src/cli/effects.ts";
import { makeProgram } from "../../src/cli/program.ts";

/** The command line, for looking at: nothing it does has an effect. */
export function programToDescribe(): Command {
  const effects: Effects = {
    ...{ cwd: ".", environment: {}, columns: 80, signal: new AbortController().signal },
    ...{ outIsTerminal: false, errIsTerminal: false, out: () => {}, err: () => {} },
    outDrained: async () => {},
  };
  return makeProgram(effects, false);
}

/** Every command that does something by itself, in the order of `--help`. */
export function verbs(command: Command): Command[] {
  const inner = command.commands.flatMap(verbs);
  const acts = command.parent !== null && (command.commands.length === 0 || hasAction(command));
  return acts ? [command, ...inner] : inner;
}

/** Of a group such as `config`, whether it does something without a verb. */
const hasAction = (command: Command): boolean =>
  (command as unknown as { readonly _actionHandler: unknown })._actionHandler != null;

/** The page docs/reference/cli.md. */
export function commandLinePage(): string {
  const program = programToDescribe();
  return `${INTRODUCTION}
## Options of every command

${optionTable(program.options)}
${program.commands.map((group) => groupPart(group)).join("\n")}`;
}

const INTRODUCTION = `<!-- Made by \`npm run reference\` from src/cli/: change it there. -->

# Command line

In a checkout \`npx --no-install pinlake\`, installed \`npx pinlake\`, anywhere \`node <checkout>/bin/pinlake.js\`. Results go to stdout, progress and logs to stderr.

With \`--json\` stdout holds one document (commands that follow something: one object a line), and an error is \`{"error":{"code","message"}}\` on stderr. Timestamps are
\`2020-08-28T03:52:47Z\`, integers beyond 2^53 and decimals are strings, bytes base64. CSV has a header, commas, quotes as in RFC 4180, LF, and nothing for NULL.

| exit code | means |
|---|---|
| 0 | done |
| 64 | used wrongly |
| 65 | bad data, or something named that is not there |
| 69 | not available now: locked, in use, full, not running |
| 70 | a fault of Pinlake's own; also a \`demo\` whose sums do not add up |
| 78 | a configuration or definition is wrong |
| 130 | interrupted |

[errors.md](errors.md) lists every error with its code.
`;

function groupPart(group: Command): string {
  const found = verbs(group);
  const own = found.length === 1 && found[0] === group;
  const heading = `## \`${group.name()}\`\n\n${own ? "" : `${sentence(group.description())}\n\n`}`;
  return `${heading}${found.map(verbPart).join("\n")}`;
}

function verbPart(command: Command): string {
  const rows = [...command.registeredArguments.map(argumentRow), ...command.options.map(optionRow)];
  const table = rows.length === 0 ? "" : `\n${HEAD}\n${rows.join("\n")}\n`;
  return `\`\`\`\n${fullUsage(command)}\n\`\`\`\n\n${sentence(command.description())}\n${table}`;
}

/** `pinlake tables read [options] <table>` */
export function fullUsage(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return `${names.join(" ")} ${command.registeredArguments.map(shownArgument).join(" ")}`.trim();
}

const shownArgument = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

const HEAD = "| | what it does | values | default |\n|---|---|---|---|";

const optionTable = (options: readonly Option[]): string => `${HEAD}\n${options.map(optionRow).join("\n")}\n`;

const optionRow = ({ flags, description, argChoices, defaultValue }: Option): string =>
  tableRow([`\`${flags}\``, description, argChoices ?? [], defaultValue]);

const argumentRow = (argument: Argument): string =>
  tableRow([`\`${shownArgument(argument)}\``, argument.description, argument.argChoices ?? [], argument.defaultValue]);

function tableRow([name, description, choices, value]: [string, string, readonly string[], unknown]): string {
  const isNothing =
    value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  const cells = [
    name,
    markdown(description),
    choices.map((choice) => `\`${choice}\``).join(", "),
    isNothing ? "" : `\`${value}\``,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const sentence = (text: string): string => markdown(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);

/** Words for a terminal, as Markdown shows the same ones. */
const markdown = (text: string): string => text.replace(/[<*]/g, "\\$&");
