import { InvalidArgumentError } from "commander";
import type { Reader } from "../app/reader.ts";
import type { ResultTable } from "../app/results.ts";
import { asObjects } from "./format-rows.ts";
import type { AddCommands } from "./program.ts";
import { reading } from "./reading.ts";

export const addAnswersCommand: AddCommands = (program, context) => {
  const answers = program
    .command("answers")
    .argument("[name]", "one of them; all without it")
    .description("the answers as they were computed last; with --param one of them afresh")
    .option("--param <key=value>", "a parameter of the answer; may be given several times", collect, {});
  answers.action(async (name: string | undefined) => {
    const on = context(answers);
    const { param } = answers.opts<{ param: Record<string, string> }>();
    const fresh = Object.keys(param).length > 0;
    if (name === undefined && fresh) answers.error("error: --param needs the name of an answer", { exitCode: 64 });
    await reading(on, async (reader) => {
      const { readAnswer } = await import("../app/read-answer.ts");
      const { signal } = on.effects;
      if (name !== undefined) return on.printRows(await readAnswer(reader, name, fresh ? param : undefined, signal));
      const all = await everyAnswer(reader, (one) => readAnswer(reader, one, undefined, signal));
      if (on.format === "json")
        return on.print(Object.fromEntries(all.map(({ answer, table }) => [answer.name, asObjects(table)])), () => "");
      for (const { answer, table } of all) {
        on.effects.out(`${answer.title}\n`);
        on.printRows(table);
        on.effects.out("\n");
      }
    });
  });
};

async function everyAnswer({ project }: Reader, read: (name: string) => Promise<ResultTable>) {
  const all = [];
  for (const answer of project.answers) all.push({ answer, table: await read(answer.name) });
  return all;
}

function collect(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be key=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
