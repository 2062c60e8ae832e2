import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { ParquetInput, QuerySession } from "../../engine/query-engine.ts";
import { isPinlakeError, PinlakeError } from "../../errors.ts";
import { type AddFile, decodePath } from "./actions.ts";
import { physicalName, storedAs, type TableSchema } from "./column-mapping.ts";
import type { TableContext } from "./context.ts";
import { writtenColumns } from "./data-files.ts";
import { parseFileVector, parseInlineVector, vectorFile } from "./deletion-vector.ts";

/** The name for such a column. */
export const FILE_NUMBER = "_pinlake_file";

export interface DefineOptions {
  readonly adds: readonly AddFile[];
  readonly schema: TableSchema;
  /** A further column of that name tells which of the files a row lies in, counted from 0. */
  readonly fileNumber?: string;
  readonly signal?: AbortSignal | undefined;
  /** For messages: the version that the files are of. */
  readonly version?: number;
}

type Context = Pick<TableContext, "files" | "location">;

/**
 * Makes files of the table readable as a view with the columns of `schema`, without the rows that their deletion vectors
 * name. Throws TABLE_FILES_MISSING, TABLE_CORRUPT for a file that is not what its action says, TABLE_UNSUPPORTED for one
 * that is out of reach.
 */
export async function defineFiles(
  context: Context,
  session: QuerySession,
  name: string,
  { adds, schema, signal, fileNumber, version }: DefineOptions,
): Promise<void> {
  const corrupt = (file: string, cause: unknown): PinlakeError => {
    const reason = `${version === undefined ? "" : `as of version ${version}: `}${messageOf(cause)}`;
    return new PinlakeError("TABLE_CORRUPT", { table: context.location, file, reason }, { cause });
  };
  const missing = (file: string): PinlakeError =>
    version === undefined
      ? corrupt(file, new Error("it is missing"))
      : new PinlakeError("TABLE_FILES_MISSING", { table: context.location, version: String(version), files: [file] });
  const vectors = vectorReader(context, missing, signal);
  const paths = new Map<string, string>();
  const inputs: ParquetInput[] = [];
  for (const add of adds) {
    signal?.throwIfAborted();
    const decoded = decodePath(add.path);
    const columns = writtenColumns.get(add);
    try {
      const path = await localPath(context, decoded, signal);
      paths.set(path, decoded);
      if (columns === undefined) await checkSize(path, add.size);
      const withoutRows = add.deletionVector == null ? [] : await vectors(add);
      const partitionValues = partitionValuesOf(add, schema);
      inputs.push({ path, partitionValues, withoutRows, ...(columns && { columns }) });
    } catch (error) {
      if (isMissing(error)) throw missing(decoded);
      if (error instanceof PinlakeError || signal?.aborted) throw error;
      throw corrupt(decoded, error);
    }
  }
  const stored = storedAs(schema);
  try {
    await session.defineParquet(name, schema.fields, inputs, {
      ...(fileNumber === undefined ? {} : { fileNumber }),
      ...(stored === undefined ? {} : { storedAs: stored }),
    });
  } catch (error) {
    if (!isPinlakeError(error, "QUERY_FAILED")) throw error;
    const { reason } = error.details as { readonly reason: string };
    const named = [...paths].find(([path]) => reason.includes(path))?.[1];
    throw corrupt(named ?? "a data file", new Error(reason));
  }
}

const isMissing = (error: unknown) =>
  isPinlakeError(error, "OBJECT_NOT_FOUND") || (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

async function localPath({ files, location }: Context, decoded: string, signal?: AbortSignal): Promise<string> {
  if (isAbsolute(decoded)) return decoded;
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(decoded))
    throw new PinlakeError("TABLE_UNSUPPORTED", { table: location, feature: `the file outside the table ${decoded}` });
  return files.path(decoded, signal);
}

async function checkSize(path: string, expected: number): Promise<void> {
  const { size } = await stat(path);
  if (size !== expected) throw new Error(`it has ${size} bytes instead of ${expected}`);
}

/** By the names of the schema. Empty text is NULL, whatever the type. */
function partitionValuesOf({ partitionValues }: AddFile, schema: TableSchema): Record<string, string | null> {
  const values: Record<string, string | null> = {};
  if (Object.keys(partitionValues).length === 0) return values;
  for (const field of schema.fields) {
    const value = partitionValues[physicalName(schema, field)];
    if (value !== undefined) values[field.name] = value === "" ? null : value;
  }
  return values;
}

/** Reads deletion vectors, each file of them once. */
function vectorReader(
  context: Context,
  missing: (file: string) => PinlakeError,
  signal?: AbortSignal,
): (add: AddFile) => Promise<readonly number[]> {
  const bodies = new Map<string, Promise<Uint8Array>>();
  return async ({ deletionVector: vector }) => {
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
      throw new Error(`its deletion vector in ${decoded}: ${messageOf(error)}`, { cause: error });
    }
  };
}
