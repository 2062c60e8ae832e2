import { resolve } from "node:path";
import type { TableCount } from "../app/source.ts";
import type { CommandContext } from "./context.ts";
import { integer } from "./option-values.ts";
import type { AddCommands } from "./program.ts";

export const addSourceCommands: AddCommands = (program, context) => {
  const source = program.command("source").description("the database whose rows are posted");

  const create = source
    .command("create")
    .description("makes it with the project's seeded generator")
    .option("--seed <number>", "the same seed gives the same rows", integer, 100)
    .option("--rows <number>", "rows per table (default: as many as the original has)", integer)
    .option("--replace", "makes it anew where there is one");
  create.action(async () => {
    const on = context(create);
    const { seed, rows, replace = false } = create.opts<{ seed: number; rows?: number; replace?: boolean }>();
    const [{ createSourceOf }, folder] = await Promise.all([import("../app/source.ts"), folderOf(on)]);
    const made = await createSourceOf(await on.project(), folder, {
      seed,
      replace,
      signal: on.effects.signal,
      ...(rows === undefined ? {} : { rows }),
    });
    report(on, folder.source, made);
  });

  const load = source
    .command("import")
    .argument("<dir>", "the folder of the files")
    .description("makes it of <table>.jsonl or <table>.jsonl.gz files")
    .option("--replace", "makes it anew where there is one");
  load.action(async (dir: string) => {
    const on = context(load);
    const { replace = false } = load.opts<{ replace?: boolean }>();
    const [{ importSource }, folder] = await Promise.all([import("../app/source.ts"), folderOf(on)]);
    const from = resolve(on.effects.cwd, dir);
    report(on, folder.source, await importSource(from, folder, { replace, signal: on.effects.signal }));
  });

  const info = source.command("info").description("its tables and how many rows each has");
  info.action(async () => {
    const on = context(info);
    const { sourceInfo } = await import("../app/source.ts");
    const found = await sourceInfo(await folderOf(on));
    on.print(found, () =>
      [
        `${found.path}\n`,
        ...found.tables.map(
          ({ table, rows, key, columns }) => `  ${table}: ${rows} rows by ${key} (${columns.join(", ")})\n`,
        ),
      ].join(""),
    );
  });
};

async function folderOf({ data }: CommandContext) {
  const { dataFolder } = await import("../app/data-folder.ts");
  return dataFolder(data);
}

function report(on: CommandContext, path: string, made: readonly TableCount[]): void {
  on.print({ path, tables: made }, () => {
    const tables = made.map(({ table, rows }) => `${table} ${rows}`).join(", ");
    return `${path}: ${tables} rows\n`;
  });
}
