import type { Command } from "commander";
import type { FsckReport } from "../app/delta.ts";
import type { CommandContext } from "./context.ts";
import { integer, time } from "./option-values.ts";
import { onTable, TABLE, tablePlace } from "./table-place.ts";
import { withProgress } from "./table-progress.ts";

/** The verbs that bring a table back to what it was, or to what is left of it. */
export function addTableRepair(tables: Command, context: (command: Command) => CommandContext): void {
  const restore = tables
    .command("restore")
    .argument("<table>", "the path of a Delta table")
    .description("makes its rows, columns and properties what they were, in a new version, as RESTORE does")
    .option("--version <number>", "to this version", integer)
    .option("--at <time>", "to this time, such as 2024-01-31T12:00:00Z", time);
  restore.action(async (typed: string) => {
    const on = context(restore);
    const { version, at } = restore.opts<{ version?: number; at?: number }>();
    if ((version === undefined) === (at === undefined))
      restore.error("error: either --version or --at is needed", { exitCode: 64 });
    const { snapshotAt } = await import("../app/catalogue.ts");
    const to = snapshotAt(version, at) ?? { version: 0 };
    const folder = await foreignFolder(on, typed, "restored");
    const done = await withProgress(on, "restoring", async () => {
      const { withFolderTable } = await import("../app/table-verbs.ts");
      return withFolderTable(folder, async (table) => {
        const commit = await table.restore({ at: to, signal: on.effects.signal });
        return {
          table: table.location,
          version: commit.version,
          filesRestored: commit.added.length,
          filesRemoved: commit.removed.length,
        };
      });
    });
    on.print(
      done,
      () =>
        `${done.table}: restored in version ${done.version}; ${done.filesRestored} files came back, ${done.filesRemoved} went\n`,
    );
  });

  const fsck = tables
    .command("fsck")
    .argument("<table>", TABLE)
    .description("looks for every file of its newest version; --repair takes those that are missing out of it")
    .option("--repair", "commits a version without them, and without their rows; for a table by its path");
  fsck.action(async (typed: string) => {
    const on = context(fsck);
    const repair = fsck.opts<{ repair?: true }>().repair === true;
    const { signal } = on.effects;
    const report = await withProgress(on, "files looked for", async (onProgress) => {
      if (!repair)
        return onTable(on, typed, async (table) => ({
          table: table.location,
          ...(await table.fsck({ signal, onProgress })),
        }));
      const folder = await foreignFolder(on, typed, "repaired");
      const { withFolderTable } = await import("../app/table-verbs.ts");
      return withFolderTable(folder, async (table) => ({
        table: table.location,
        ...(await table.fsck({ dryRun: false, signal, onProgress })),
      }));
    });
    on.print({ ...report, dryRun: !repair }, () => told(report));
    if (report.missing.length > 0 && !repair) {
      const { PinlakeError } = await import("../errors.ts");
      const files = report.missing.map(({ path, deletionVectorMissing }) => deletionVectorMissing ?? path);
      throw new PinlakeError("TABLE_FILES_MISSING", { table: report.table, version: String(report.version), files });
    }
  });
}

function told({ table, version, checkedFiles, missing, repairedIn }: FsckReport & { readonly table: string }): string {
  const lines = missing.map(({ path, rows, dataFileMissing, deletionVectorMissing }) => {
    const what = dataFileMissing ? "it is missing" : `its deletion vector ${deletionVectorMissing} is missing`;
    return `${path}: ${what}, ${rows === undefined ? "nobody knows how many rows" : rows === 1 ? "1 row" : `${rows} rows`}\n`;
  });
  const end =
    repairedIn === undefined
      ? `${missing.length} of ${checkedFiles} files of version ${version} are missing`
      : `version ${repairedIn} is without the ${missing.length} files that are missing`;
  return `${lines.join("")}${table}: ${end}\n`;
}

/** A table of the pipeline follows from its log, and remembers how far it has come: it is made again instead. */
async function foreignFolder(on: CommandContext, typed: string, verb: string): Promise<string> {
  const place = tablePlace(on, typed);
  if (place.kind === "folder") return place.folder;
  const { PinlakeError } = await import("../errors.ts");
  throw new PinlakeError("USAGE", {
    message: `${place.name} is a table of the pipeline, which knows what it has taken from the log: it is not ${verb} but made again, by \`pinlake stream rebuild\` (stream.x), \`pinlake run daily --full\` (batch.x) or \`pinlake run answers\` (answers.x). For another Delta table give its path.`,
  });
}
