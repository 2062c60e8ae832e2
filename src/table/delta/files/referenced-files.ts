import { stat } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { PinlakeError } from "../../../errors.ts";
import type { TableContext } from "../context.ts";
import { type AddFile, decodePath } from "../log/actions.ts";
import { vectorFile } from "./deletion-vector.ts";

type FileAction = Pick<AddFile, "path" | "deletionVector">;

/** Where the files that an action names lie in the table's folder, decoded; undefined for one elsewhere. */
export interface ReferencedFiles {
  readonly data: string | undefined;
  /** Absent without a deletion vector, and where that stands in the action itself. */
  readonly vector?: string | undefined;
}

/** Throws TABLE_CORRUPT where a deletion vector is of no known form: then nobody can tell which file it means. */
export function referencedFiles(location: string, { path, deletionVector }: FileAction): ReferencedFiles {
  const data = inTable(location, decodePath(path));
  if (deletionVector == null || deletionVector.storageType === "i") return { data };
  try {
    const name = vectorFile(deletionVector) ?? "";
    return { data, vector: inTable(location, deletionVector.storageType === "p" ? decodePath(name) : name) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PinlakeError("TABLE_CORRUPT", { table: location, file: path, reason }, { cause });
  }
}

/** What an action names as it is, or absolute but inside; the rest belongs to another table. */
function inTable(location: string, path: string): string | undefined {
  const local = /^file:\/\//i.test(path) ? fileURLToPath(path) : path;
  if (!isAbsolute(local)) return /^[a-z][a-z0-9+.-]*:/i.test(local) ? undefined : local;
  if (!isAbsolute(location)) return undefined;
  const inside = relative(location, local);
  return inside === "" || inside.startsWith("..") ? undefined : inside;
}

/** Looked for at the same time. */
const AT_ONCE = 64;

/**
 * Which of the table's files are not there. Links count as what they lead to. Any other obstacle than their absence is
 * thrown: a file that cannot be looked at is not missing.
 */
export async function missingFiles(
  { store, prefix }: Pick<TableContext, "store" | "prefix">,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  const missing = new Set<string>();
  const look = async (name: string) => {
    const local = store.localPath(prefix + name);
    const found = local === undefined ? await store.head(prefix + name) : await stat(local).catch(absent);
    if (found === undefined) missing.add(name);
  };
  for (let at = 0; at < names.length; at += AT_ONCE) {
    signal?.throwIfAborted();
    await Promise.all(names.slice(at, at + AT_ONCE).map(look));
  }
  return missing;
}

function absent(error: unknown): undefined {
  if (!["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
}
