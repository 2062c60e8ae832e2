import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "./context.ts";
import { operating, reading } from "./reading.ts";

const OURS = "batch.x, stream.x or answers.x";

/** The verbs that keep tables tidy, as Delta's OPTIMIZE and VACUUM do. */
export function addTableUpkeep(tables: Command, context: (command: Command) => CommandContext): void {
  const optimize = tables
    .command("optimize")
    .argument("<table>", OURS)
    .description("joins its small files, as OPTIMIZE does; the rows stay what they are");
  optimize.action(async (name: string) => {
    const on = context(optimize);
    const done = await operating(on, (operations) => operations.optimize(name, on.effects.signal));
    on.print(done, () =>
      done.filesBefore === done.filesAfter
        ? `${done.table}: nothing to join, ${files(done.filesAfter)}\n`
        : `${done.table}: ${files(done.filesBefore)} became ${files(done.filesAfter)} in version ${done.version}\n`,
    );
  });

  const vacuum = tables
    .command("vacuum")
    .argument("<table>", OURS)
    .description("deletes files that no version within the retention needs, as VACUUM does; --dry-run only lists them")
    .option("--dry-run", "lists what would be deleted, and deletes nothing")
    .option(
      "--retain-hours <number>",
      "how long replaced files are kept at least (default: the table's own, delta.deletedFileRetentionDuration, else 168)",
      hours,
    )
    .option(
      "--force",
      "allows a shorter retention than the table's own, which ends older versions and running readers",
    );
  vacuum.action(async (name: string) => {
    const on = context(vacuum);
    const { dryRun = false, retainHours, force } = vacuum.opts<{ dryRun?: true; retainHours?: number; force?: true }>();
    const request = {
      ...(retainHours === undefined ? {} : { retainHours }),
      ...(force === undefined ? {} : { force }),
    };
    const { table, removed } = dryRun
      ? await reading(on, async (reader) => {
          const { removable } = await import("../app/catalogue.ts");
          return removable(reader, name, request);
        })
      : await operating(on, (operations) => operations.vacuum(name, request, on.effects.signal));
    on.print({ table, dryRun, files: removed }, () =>
      dryRun
        ? `${removed.map((path) => `${path}\n`).join("")}${table}: ${files(removed.length)} would be deleted\n`
        : `${table}: ${files(removed.length)} deleted\n`,
    );
  });
}

const files = (count: number): string => (count === 1 ? "1 file" : `${count} files`);

function hours(text: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) throw new InvalidArgumentError("It must be a number of hours.");
  return Number(text);
}
