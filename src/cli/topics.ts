import { type Command, Option } from "commander";
import type { LogKind, Operations } from "../console/operations.ts";
import type { CommandContext } from "./context.ts";
import { integer, positiveInteger } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { operating, watching } from "./reading.ts";
import { recordLine } from "./record-line.ts";

export const addTopicCommands: AddCommands = (program, context) => {
  addVerbs(program, context, "topics", "topic", "partitions");
  addVerbs(program, context, "streams", "stream", "shards");
};

function addVerbs(
  program: Command,
  context: (command: Command) => CommandContext,
  kind: LogKind,
  one: string,
  parts: string,
): void {
  const its = `the ${one}'s name`;
  const group = program.command(kind).description(`${kind} of the log`);

  const ls = group.command("ls").description(`every ${one}, its ${parts} and records, and which datasets take it`);
  ls.action(async () => {
    const on = context(ls);
    const all = await watching(on, (topics) => topics.list(kind));
    on.printRows({
      columns: ["name", parts, "records", "datasets"],
      rows: all.map(({ name, partitions, records, datasets }) => [
        name,
        partitions.length,
        records,
        on.format === "json" ? [...datasets] : datasets.join(", ") || "none",
      ]),
    });
  });

  const show = group
    .command("show")
    .argument("<name>", its)
    .description(`the ${parts} of a ${one}, and the offsets that they hold`);
  show.action(async (name: string) => {
    const on = context(show);
    const found = (await watching(on, (topics) => topics.list(kind))).find((report) => report.name === name);
    if (found === undefined) throw await missing(kind, name);
    on.print(found, () => {
      const taken = found.datasets.length === 0 ? "taken by no dataset" : `taken by ${found.datasets.join(", ")}`;
      const lines = found.partitions.map(
        ({ partition, start, end, closed }) =>
          `  ${partition}: offsets ${start} up to ${end}${closed ? ", closed" : ""}\n`,
      );
      return `${found.name}: ${found.records} records, ${taken}\n${lines.join("")}`;
    });
  });

  const create = group
    .command("create")
    .argument("<name>", its)
    .description(`makes a ${one}`)
    .option(`--${parts} <number>`, "how many (default: log.partitions)", positiveInteger);
  create.action(async (name: string) => {
    const on = context(create);
    const count = create.opts<Record<string, number>>()[parts];
    const made = await operating(on, (operations) => operations.create(kind, name, count));
    on.print(made, () => `${name}: ${made.partitions.length} ${parts}\n`);
  });

  const remove = group
    .command("delete")
    .argument("<name>", its)
    .description(`hides a ${one} at once; its records go when all stages took them`);
  remove.action(async (name: string) => {
    const on = context(remove);
    await operating(on, (operations) => operations.remove(kind, name));
    on.print({ deleted: name }, () => `${name} is deleted\n`);
  });

  const tail = group
    .command("tail")
    .argument("<name>", its)
    .description(`its newest records, one a line`)
    .addOption(new Option("-n, --lines <number>", `how many per ${parts.slice(0, -1)}`).argParser(integer).default(10))
    .option("-f, --follow", "goes on with what comes, until Ctrl-C");
  tail.action(async (name: string) => {
    const on = context(tail);
    const { lines, follow = false } = tail.opts<{ lines: number; follow?: boolean }>();
    const onlyUp = follow ? "Following what comes" : undefined;
    await watching(on, (topics) => printTail(on, topics, kind, name, lines, follow), onlyUp);
  });
}

async function printTail(
  on: CommandContext,
  operations: Pick<Operations, "list" | "read">,
  kind: LogKind,
  name: string,
  lines: number,
  follow: boolean,
): Promise<void> {
  const { signal } = on.effects;
  const found = (await operations.list(kind)).find((report) => report.name === name);
  if (found === undefined) throw await missing(kind, name);
  await Promise.all(
    found.partitions.map(async ({ partition, start, end }) => {
      let from = BigInt(end) - BigInt(lines);
      if (from < BigInt(start)) from = BigInt(start);
      while (!signal.aborted) {
        const waitMs = follow ? 1000 : 0;
        const { records, next } = await operations.read(
          kind,
          name,
          { partition, from: from.toString(), maxRecords: 1000, waitMs },
          signal,
        );
        for (const record of records) on.effects.out(recordLine(record, on.format === "json"));
        from = BigInt(next);
        if (!follow && (records.length === 0 || from >= BigInt(end))) return;
      }
    }),
  );
}

async function missing(kind: LogKind, name: string): Promise<Error> {
  const { PinlakeError } = await import("../errors.ts");
  return kind === "topics"
    ? new PinlakeError("TOPIC_NOT_FOUND", { topic: name })
    : new PinlakeError("STREAM_NOT_FOUND", { stream: name });
}
