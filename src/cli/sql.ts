import type { AddCommands } from "./program.ts";
import { reading } from "./reading.ts";

export const addSqlCommand: AddCommands = (program, context) => {
  const sql = program
    .command("sql")
    .argument("<select>", "the SQL text, in the words of DuckDB")
    .description(
      'one SELECT over the tables: bare dataset names, batch.*, stream.*, answers.*, quarantine, "name@v12", "name@20240131000000000" (a time)',
    );
  sql.action(async (select: string) => {
    const on = context(sql);
    await reading(on, async ({ query }) => {
      const { runQuery } = await import("../app/query.ts");
      await on.printPieces(runQuery(query, select, on.effects.signal));
    });
  });
};
