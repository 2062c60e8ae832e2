import { join } from "node:path";
import { parameterRow } from "../batch/parameters.ts";
import type { Project } from "../config/load-project.ts";
import type { ColumnType } from "../define/column-type.ts";
import { cleaningSql } from "../engine/clean-sql.ts";
import type { QueryEngine, QuerySession } from "../engine/query-engine.ts";
import { type Column, dataType } from "../engine/schema.ts";
import { holdsEvery } from "../engine/widening.ts";
import { isPinlakeError, PinlakeError } from "../errors.ts";

/**
 * Has the engine read every SQL text over relations without rows: a word that it takes for its own, or a name that is
 * nowhere, shows here and not at the first record. Throws CONFIG_INVALID naming the file.
 */
export async function checkSql({ folder, datasets, answers }: Project, engine: QueryEngine): Promise<void> {
  for (const dataset of datasets) {
    await using session = await engine.session();
    const fields = [...Object.keys(dataset.record.fields), CARRIED].map((name): Column => ({ name, type: "string" }));
    await session.defineRows("raw", fields, []);
    const file = join(folder, "datasets", dataset.sql);
    await inFile(file, () => session.describe(cleaningSql(session, dataset, [CARRIED])));
    const given = await inFile(file, () => session.describe(dataset.select.replace(/;\s*$/, "")));
    const problems = typed(dataset.columns).flatMap((column) => typeProblem(session, column, given));
    if (problems.length > 0) throw new PinlakeError("CONFIG_INVALID", { file, problems });
  }

  await using session = await engine.session();
  for (const { name, columns } of datasets) {
    await session.defineRows(name, typed(columns), []);
    await session.describe(`SELECT * FROM ${name}`).catch((cause: unknown) => {
      const problems = [`datasets: "${name}" is a word of SQL, so no question could name it; choose another`];
      throw new PinlakeError("CONFIG_INVALID", { file: folder, problems }, { cause });
    });
  }
  for (const answer of answers) {
    const file = join(folder, "answers", `${answer.name}.sql`);
    const params = parameterRow(answer);
    if (params !== undefined) await session.defineRows("params", params.columns, [params.row]);
    const found = await inFile(file, () => session.describe(answer.sql));
    const declared = typed(answer.columns);
    if (said(session, found) !== said(session, declared))
      throw new PinlakeError("CONFIG_INVALID", {
        file,
        problems: [`columns: the SQL gives ${said(session, found)}, declared are ${said(session, declared)}`],
      });
    await session.defineRows(answer.name, declared, []);
  }
}

/** A conversion that nobody wrote would fail at the first value that has none. */
function typeProblem(session: QuerySession, { name, type }: Column, given: readonly Column[]): string[] {
  const found = given.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found === undefined || holdsEvery(type, found.type)) return [];
  const [is, declared] = [session.typeName(found.type), session.typeName(type)];
  return [`column "${name}" is declared ${declared}, but the SELECT gives ${is}; convert it there, or declare ${is}`];
}

/** Stands for what the engine carries through the cleaning beside the definition's columns. */
const CARRIED = "_carried";

const typed = (columns: readonly { readonly name: string; readonly type: string }[]): Column[] =>
  columns.map(({ name, type }) => ({ name, type: dataType(type as ColumnType) }));

const said = (session: QuerySession, columns: readonly Column[]): string =>
  columns.map(({ name, type }) => `${name} ${session.typeName(type)}`).join(", ");

async function inFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isPinlakeError(error, "QUERY_FAILED")) throw error;
    const { reason } = error.details;
    throw new PinlakeError("CONFIG_INVALID", { file, problems: [reason] }, { cause: error });
  }
}
