import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { PinlakeError } from "../errors.ts";
import { type Dataset, type DatasetDefinition, type DatasetInput, defineDataset } from "./dataset.ts";

/** Reads the SQL beside a definition. Throws CONFIG_NOT_LOADED naming the SQL file when there is none. */
export async function withSelect(path: string, definition: DatasetDefinition): Promise<Dataset> {
  const file = join(dirname(path), definition.sql);
  const select = await readFile(file, "utf8").catch((cause: unknown) => {
    const reason = `dataset "${definition.name}" has its SELECT there, and the file cannot be read`;
    throw new PinlakeError("CONFIG_NOT_LOADED", { file, reason }, { cause });
  });
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
