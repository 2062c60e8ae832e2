import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { Reader } from "../app/reader.ts";
import type { CommandContext } from "./context.ts";
import { integer } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { reading } from "./reading.ts";
import { addTableUpkeep } from "./table-upkeep.ts";

const TABLE = "batch.x, stream.x, answers.x, or the path of any Delta table";

export const addTableCommands: AddCommands = (program, context) => {
  const tables = program
    .command("tables")
    .description("the Delta tables, by name (batch.x, stream.x, answers.x) or by path");

  const ls = tables.command("ls").description("every table at its newest version");
  ls.action(async () => {
    const on = context(ls);
    await reading(on, async (reader) => {
      const { listTables } = await import("../app/catalogue.ts");
      const all = await listTables(reader);
      on.printRows({
        columns: ["name", "version", "rows", "files", "bytes", "at"],
        rows: all.map(({ name, version, rows, files, bytes, at }) => [name, version, rows, files, bytes, at]),
      });
    });
  });

  const show = tables
    .command("show")
    .argument("<table>", TABLE)
    .description("its columns, properties, and how far it has come");
  show.action(async (name: string) => {
    const on = context(show);
    await onTable(on, name, async (reader, prefix) => {
      const { describeTable } = await import("../app/catalogue.ts");
      const found = await describeTable(reader, prefix);
      on.print(found, () => {
        const columns = found.columns.map(({ name: column, type, description }) => {
          const shown = typeof type === "string" ? type : JSON.stringify(type);
          return `  ${column} ${shown}${description === null ? "" : `  ${description}`}\n`;
        });
        const lines = (entries: Readonly<Record<string, string>>) =>
          Object.entries(entries).map(([key, value]) => `  ${key} = ${value}\n`);
        return [
          `${found.location}, version ${found.version}\n`,
          ...columns,
          ...lines(found.properties),
          ...lines(found.taken),
        ].join("");
      });
    });
  });

  const read = tables
    .command("read")
    .argument("<table>", TABLE)
    .description("its rows, every column")
    .option("--version <number>", "as of this version", integer)
    .option("--at <time>", "as of this time, such as 2024-01-31T12:00:00Z", time);
  read.action(async (name: string) => {
    const on = context(read);
    const { version, at } = read.opts<{ version?: number; at?: number }>();
    await onTable(on, name, async (reader, prefix, folders) => {
      const [{ readTable }, { snapshotAt }] = await Promise.all([
        import("../app/query.ts"),
        import("../app/catalogue.ts"),
      ]);
      const parts = { ...reader.query, openTable: reader.openTable, folders };
      await on.printPieces(readTable(parts, { prefix }, snapshotAt(version, at), on.effects.signal));
    });
  });

  const history = tables
    .command("history")
    .argument("<table>", TABLE)
    .description("its commits, newest first")
    .option("--limit <number>", "how many", integer, 20);
  history.action(async (name: string) => {
    const on = context(history);
    const { limit } = history.opts<{ limit: number }>();
    await onTable(on, name, async (reader, prefix) => {
      const { tableHistory } = await import("../app/catalogue.ts");
      const commits = await tableHistory(reader, prefix, limit);
      on.printRows({
        columns: ["version", "at", "operation", "metrics"],
        rows: commits.map(({ version, timestampMs, operation, operationMetrics }) => [
          version,
          new Date(timestampMs).toISOString(),
          operation,
          on.format === "table" ? figures(operationMetrics) : { ...operationMetrics },
        ]),
      });
    });
  });

  addTableUpkeep(tables, context);
};

/** A table of ours by name, or any Delta table by its folder. */
async function onTable(
  on: CommandContext,
  name: string,
  work: (reader: Reader, prefix: string, folders: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = resolve(on.effects.cwd, name);
  const isPath = existsSync(`${folder}/_delta_log`);
  await reading(on, async (reader) => {
    if (isPath) {
      const { openDeltaTable } = await import("../app/delta.ts");
      await using table = await openDeltaTable(folder, { engine: reader.engine });
      return await work({ ...reader, openTable: () => table }, "", [table.location]);
    }
    const { findTable } = await import("../app/table-names.ts");
    return await work(reader, findTable(reader.names, name).prefix, [reader.folder.tables]);
  });
}

function time(text: string): number {
  const ms = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(ms)) throw new InvalidArgumentError("It must be a time such as 2024-01-31T12:00:00Z.");
  return ms;
}

/** What a commit counted, but for what it had none of. */
const figures = (metrics: Readonly<Record<string, string>>): string =>
  Object.entries(metrics)
    .filter(([, value]) => value !== "0")
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
