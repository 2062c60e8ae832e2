import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { storageError } from "./storage-error.ts";

const [READ_ONLY, CANNOT_OPEN] = [8, 14];

/**
 * Opens an SQLite file of ours, waiting for who writes it. Read-only it may lie where nobody may write: it is then read
 * as it lies there, without what a log beside it may hold. Throws STORAGE_FAILED naming the file.
 */
export function openSqlite(file: string, { readOnly }: { readonly readOnly: boolean }): DatabaseSync {
  try {
    return opened(file, readOnly);
  } catch (error) {
    if (!readOnly || ![READ_ONLY, CANNOT_OPEN].includes(resultCode(error))) throw storageError(error, file);
  }
  const asItLies = pathToFileURL(file);
  asItLies.searchParams.set("immutable", "1");
  try {
    return opened(asItLies, true);
  } catch (error) {
    throw storageError(error, file);
  }
}

/** SQLite's primary result code. */
export const resultCode = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) % 256;

/** SQLite looks into a file only when it is asked for something in it. */
function opened(file: string | URL, readOnly: boolean): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000, readOnly });
  try {
    database.prepare("SELECT 1 FROM sqlite_schema").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
