import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { PinlakeError } from "../errors.ts";
import { type Dataset, type DatasetDefinition, type DatasetInput, defineDataset } from "./dataset.ts";
import { conditionProblems, datasetSelectProblems } from "./portable-sql.ts";

/**
 * Reads the SQL beside a definition. Throws CONFIG_NOT_LOADED naming the SQL file when there is none, CONFIG_INVALID for SQL
 * that is not portable or does not give one row for each row.
 */
export async function withSelect(path: string, definition: DatasetDefinition): Promise<Dataset> {
  const file = join(dirname(path), definition.sql);
  const select = await readFile(file, "utf8").catch((cause: unknown) => {
    const reason = `dataset "${definition.name}" has its SELECT there, and the file cannot be read`;
    throw new PinlakeError("CONFIG_NOT_LOADED", { file, reason }, { cause });
  });
  const problems = datasetSelectProblems(
    select,
    definition.columns.map(({ name }) => name),
  );
  if (problems.length > 0) throw new PinlakeError("CONFIG_INVALID", { file, problems });
  const rules = (["checks", "warnings"] as const).flatMap((kind) =>
    definition[kind].flatMap(({ when }, i) =>
      conditionProblems(when).map((problem) => `${kind}.${i}.when: ${problem}`),
    ),
  );
  if (rules.length > 0) throw new PinlakeError("CONFIG_INVALID", { file: path, problems: rules });
  const hash = createHash("sha256")
    .update(JSON.stringify([definition, select]))
    .digest("hex");
  return { ...definition, select, hash };
}

/** Reads a definition's file, whose default export is `defineDataset(…)`, and its SQL. */
export async function readDataset(path: string): Promise<Dataset> {
  const { default: exported } = (await import(pathToFileURL(path).href)) as { default: DatasetInput };
  return withSelect(path, defineDataset(exported));
}
