import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { isPinlakeError, PinlakeError } from "../../../errors.ts";
import type { TableContext } from "../context.ts";
import { type AddFile, decodePath } from "../log/actions.ts";
import { parseFileVector, parseInlineVector, vectorFile } from "./deletion-vector.ts";

type Context = Pick<TableContext, "files" | "location">;

export interface VectorReaderOptions {
  /** What to throw for a vector's file that is not there. */
  readonly missing: (file: string) => PinlakeError;
  readonly signal?: AbortSignal | undefined;
}

/** What was read, or written, of a file's vector: a stream marks rows of the same files again and again. */
export const knownVectors = new WeakMap<AddFile, readonly number[]>();

/** Reads which rows of a file its deletion vector names, each file of vectors once. Throws for damage. */
export function vectorReader(
  context: Context,
  { missing, signal }: VectorReaderOptions,
): (add: AddFile) => Promise<readonly number[]> {
  const bodies = new Map<string, Promise<Uint8Array>>();

  async function read({ deletionVector: vector }: AddFile): Promise<readonly number[]> {
    if (vector == null) return [];
    const name = vectorFile(vector);
    if (name === undefined) return parseInlineVector(vector);
    const decoded = vector.storageType === "p" ? decodePath(name) : name;
    try {
      const path = await localPath(context, decoded, signal);
      const body = bodies.get(path) ?? readFile(path);
      bodies.set(path, body);
      return parseFileVector(await body, vector);
    } catch (error) {
      if (isMissing(error)) throw missing(decoded);
      if (error instanceof PinlakeError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`its deletion vector in ${decoded}: ${reason}`, { cause: error });
    }
  }

  return async (add) => {
    const known = knownVectors.get(add);
    if (known !== undefined) return known;
    const rows = await read(add);
    if (rows.length > 0) knownVectors.set(add, rows);
    return rows;
  };
}

export const isMissing = (error: unknown): boolean =>
  isPinlakeError(error, "OBJECT_NOT_FOUND") || (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";

/** Where a file that an action names can be read, by its decoded path. Throws TABLE_UNSUPPORTED when it is out of reach. */
export async function localPath({ files, location }: Context, decoded: string, signal?: AbortSignal): Promise<string> {
  if (isAbsolute(decoded)) return decoded;
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(decoded))
    throw new PinlakeError("TABLE_UNSUPPORTED", { table: location, feature: `the file outside the table ${decoded}` });
  return files.path(decoded, signal);
}
