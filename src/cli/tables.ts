import { resolve } from "node:path";
import { integer, time } from "./option-values.ts";
import type { AddCommands } from "./program.ts";
import { reading } from "./reading.ts";
import { onTable, TABLE } from "./table-place.ts";
import { addTableRepair } from "./table-repair.ts";
import { addTableUpkeep } from "./table-upkeep.ts";

export const addTableCommands: AddCommands = (program, context) => {
  const tables = program
    .command("tables")
    .description("the Delta tables, by name (batch.x, stream.x, answers.x) or by path");

  const ls = tables
    .command("ls")
    .argument("[folder]", "the Delta tables below this folder (default: those of the data folder, by name)")
    .description("every table at its newest version");
  ls.action(async (folder: string | undefined) => {
    const on = context(ls);
    const { listFolder, listTables } = await import("../app/catalogue.ts");
    const all =
      folder === undefined ? await reading(on, listTables) : await listFolder(resolve(on.effects.cwd, folder));
    on.printRows({
      columns: ["name", "version", "rows", "files", "bytes", "at"],
      rows: all.map(({ name, version, rows, files, bytes, at }) => [name, version, rows, files, bytes, at]),
    });
  });

  const show = tables
    .command("show")
    .argument("<table>", TABLE)
    .description("its columns, properties, and how far it has come");
  show.action(async (name: string) => {
    const on = context(show);
    await onTable(on, name, async (table) => {
      const { describeTable } = await import("../app/catalogue.ts");
      const found = await describeTable(table);
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
    await onTable(on, name, async (table, engine) => {
      const [{ readTable }, { snapshotAt }] = await Promise.all([
        import("../app/query.ts"),
        import("../app/catalogue.ts"),
      ]);
      const asked = { at: snapshotAt(version, at), signal: on.effects.signal };
      await on.printPieces(readTable(table, engine, asked));
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
    await onTable(on, name, async (table) => {
      const { tableHistory } = await import("../app/catalogue.ts");
      const commits = await tableHistory(table, limit);
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
  addTableRepair(tables, context);
};

/** What a commit counted, but for what it had none of. */
const figures = (metrics: Readonly<Record<string, string>>): string =>
  Object.entries(metrics)
    .filter(([, value]) => value !== "0")
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
