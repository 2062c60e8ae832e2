import { type Command, InvalidArgumentError } from "commander";
import type { OptimizeRequest, VacuumRequest } from "../console/operations.ts";
import type { CommandContext } from "./context.ts";
import { names, size } from "./option-values.ts";
import { operating, reading } from "./reading.ts";
import { TABLE, tablePlace } from "./table-place.ts";
import { withProgress } from "./table-progress.ts";

/** The verbs that keep tables tidy, as Delta's OPTIMIZE and VACUUM do. */
export function addTableUpkeep(tables: Command, context: (command: Command) => CommandContext): void {
  addOptimize(tables, context);
  addVacuum(tables, context);
  addCheckpoint(tables, context);
}

function addOptimize(tables: Command, context: (command: Command) => CommandContext): void {
  const optimize = tables
    .command("optimize")
    .argument("<table>", TABLE)
    .description("joins its small files, as OPTIMIZE does; the rows stay what they are")
    .option("--target-size <size>", "how large a joined file is to be, such as 256MB (default: 128MiB)", bytes)
    .option(
      "--sort-by <columns>",
      "rewrites all files with their rows sorted by these columns, such as country,day",
      names,
    )
    .option(
      "--z-order-by <columns>",
      "rewrites all files with rows laid near each other that are near in these columns",
      names,
    );
  optimize.action(async (typed: string) => {
    const on = context(optimize);
    const { targetSize, ...order } = optimize.opts<{ targetSize?: number; sortBy?: string[]; zOrderBy?: string[] }>();
    const request: OptimizeRequest = { ...order, ...(targetSize === undefined ? {} : { targetBytes: targetSize }) };
    const { signal } = on.effects;
    const place = tablePlace(on, typed);
    const done =
      place.kind === "ours"
        ? await operating(on, (operations) => operations.optimize(place.name, request, signal))
        : await withProgress(on, "files joined", async (onProgress) => {
            const { optimizeTable, withFolderTable } = await import("../app/table-verbs.ts");
            return withFolderTable(place.folder, async (table) => {
              await using session = await table.session();
              const report = await optimizeTable(table, session, request, { signal, onProgress });
              return { table: table.location, ...report };
            });
          });
    on.print(done, () =>
      done.filesBefore === done.filesAfter
        ? `${done.table}: nothing to join, ${files(done.filesAfter)}\n`
        : `${done.table}: ${files(done.filesBefore)} became ${files(done.filesAfter)} in version ${done.version}\n`,
    );
  });
}

function addVacuum(tables: Command, context: (command: Command) => CommandContext): void {
  const vacuum = tables
    .command("vacuum")
    .argument("<table>", TABLE)
    .description("lists the files that no version within the retention needs; --delete deletes them, as VACUUM does")
    .option("--delete", "deletes them; without it nothing is changed")
    .option("--lite", "only files that the log's commits removed, without looking through the table's folder")
    .option(
      "--retain-hours <number>",
      "how long replaced files are kept at least (default: the table's own, delta.deletedFileRetentionDuration, else 168)",
      hours,
    )
    .option(
      "--force",
      "allows a shorter retention than the table's own, which ends older versions and running readers",
    );
  vacuum.action(async (typed: string) => {
    const on = context(vacuum);
    const given = vacuum.opts<{ delete?: true; lite?: true; retainHours?: number; force?: true }>();
    const dryRun = given.delete !== true;
    const mode = given.lite === true ? "lite" : "full";
    const request: VacuumRequest = {
      mode,
      ...(given.retainHours === undefined ? {} : { retainHours: given.retainHours }),
      ...(given.force === undefined ? {} : { force: given.force }),
    };
    const { table, removed } = await vacuumed(on, typed, request, dryRun);
    on.print({ table, dryRun, mode, files: removed }, () => {
      if (!dryRun) return `${table}: ${files(removed.length)} deleted\n`;
      const list = removed.map((path) => `${path}\n`).join("");
      const end = removed.length === 0 ? "there is nothing to delete" : `${files(removed.length)} would be deleted`;
      return `${list}${table}: ${end}${removed.length === 0 ? "" : "; nothing was: that takes --delete"}\n`;
    });
  });
}

async function vacuumed(on: CommandContext, typed: string, request: VacuumRequest, dryRun: boolean) {
  const place = tablePlace(on, typed);
  const { signal } = on.effects;
  if (place.kind === "ours" && dryRun)
    return reading(on, async (reader) => {
      const { removable } = await import("../app/catalogue.ts");
      return removable(reader, place.name, request);
    });
  if (place.kind === "ours") return operating(on, (operations) => operations.vacuum(place.name, request, signal));
  return withProgress(on, dryRun ? "looking for files" : "files deleted", async (onProgress) => {
    const { vacuumOptions, withFolderTable } = await import("../app/table-verbs.ts");
    return withFolderTable(place.folder, async (table) => ({
      table: table.location,
      removed: await table.vacuum({ ...vacuumOptions(request), dryRun, signal, onProgress }),
    }));
  });
}

function addCheckpoint(tables: Command, context: (command: Command) => CommandContext): void {
  const checkpoint = tables
    .command("checkpoint")
    .argument("<table>", TABLE)
    .description("sums up its log in a checkpoint that is read back before it counts, and removes expired commits");
  checkpoint.action(async (typed: string) => {
    const on = context(checkpoint);
    const place = tablePlace(on, typed);
    const done =
      place.kind === "ours"
        ? await operating(on, (operations) => operations.checkpoint(place.name, on.effects.signal))
        : await withProgress(on, "writing the checkpoint", async () => {
            const { withFolderTable } = await import("../app/table-verbs.ts");
            return withFolderTable(place.folder, async (table) => {
              await table.checkpoint();
              return { table: table.location, version: (await table.snapshot()).version };
            });
          });
    on.print(done, () => `${done.table}: there is a checkpoint of version ${done.version}\n`);
  });
}

const files = (count: number): string => (count === 1 ? "1 file" : `${count} files`);

function hours(text: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) throw new InvalidArgumentError("It must be a number of hours.");
  return Number(text);
}

const UNITS = { MB: 1e6, GB: 1e9, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

function bytes(text: string): number {
  const unit = size(text).replace(/^[\d.]+/, "") as keyof typeof UNITS;
  return Math.max(1, Math.round(Number.parseFloat(text) * UNITS[unit]));
}
