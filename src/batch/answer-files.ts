import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { toCsv, toJsonValue } from "../engine/format.ts";
import type { QueryResult } from "../engine/query-engine.ts";

/** Writes `<name>.json` and `<name>.csv`; a reader sees the old file or the new one. */
export async function writeAnswerFiles(folder: string, name: string, { columns, rows }: QueryResult): Promise<void> {
  const names = columns.map((column) => column.name);
  const values = rows.map((row) => columns.map(({ type }, i) => toJsonValue(type, row[i] ?? null)));
  const objects = values.map((row) => Object.fromEntries(names.map((column, i) => [column, row[i] ?? null])));
  await mkdir(folder, { recursive: true });
  await replaceFile(folder, `${name}.json`, `${JSON.stringify(objects)}\n`);
  await replaceFile(folder, `${name}.csv`, toCsv(names, values));
}

async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.${randomUUID()}.tmp`);
  try {
    {
      await using file = await open(temporary, "wx");
      await file.writeFile(text);
      await file.sync();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
