import { type Command, Option } from "commander";
import { integer } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { reading } from "./reading.ts";

interface Filters {
  readonly arm?: "batch" | "stream";
  readonly dataset?: string;
  readonly reason?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly limit: number;
}

export const addQuarantineCommands: AddCommands = (program, context) => {
  const group = program.command("quarantine").description("records that could not be used, and why");

  const ls = group.command("ls").description("how many there are, by arm, dataset and reason");
  ls.action(async () => {
    const on = context(ls);
    await reading(on, async (reader) => {
      const { quarantineSummary } = await import("../app/inspect-quarantine.ts");
      on.printRows(await quarantineSummary(reader));
    });
  });

  const show = withFilters(group.command("show").description("the records themselves, as they came"));
  show.action(async () => {
    const on = context(show);
    const { offset, ...filters } = show.opts<Filters>();
    await reading(on, async (reader) => {
      const { quarantinedRecords } = await import("../app/inspect-quarantine.ts");
      const filter = { ...filters, ...(offset === undefined ? {} : { offset: BigInt(offset) }) };
      on.printRows(await quarantinedRecords(reader, filter));
    });
  });
};

function withFilters(command: Command): Command {
  return command
    .addOption(new Option("--arm <arm>", "of this arm").choices(["batch", "stream"]))
    .option("--dataset <name>", "of this dataset")
    .option("--reason <reason>", "with this reason")
    .option("--topic <name>", "from this topic or stream")
    .option("--partition <number>", "from this partition or shard", integer)
    .option("--offset <number>", "at this offset", integer)
    .option("--limit <number>", "at most so many", integer, 100);
}
