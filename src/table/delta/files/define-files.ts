import { stat } from "node:fs/promises";
import type { ParquetInput, QuerySession } from "../../../engine/query-engine.ts";
import type { Column } from "../../../engine/schema.ts";
import { isPinlakeError, PinlakeError } from "../../../errors.ts";
import { ownValue } from "../../../own-value.ts";
import type { TableContext } from "../context.ts";
import { physicalName, storedAs, type TableSchema } from "../definition/column-mapping.ts";
import { type AddFile, decodePath } from "../log/actions.ts";
import { writtenColumns } from "./data-files.ts";
import { isMissing, localPath, vectorReader } from "./read-vectors.ts";

/** The names for such columns. */
export const FILE_NUMBER = "_pinlake_file";
export const ROW_NUMBER = "_pinlake_row";

export interface DefineOptions {
  readonly adds: readonly AddFile[];
  readonly schema: TableSchema;
  /** A further column of that name tells which of the files a row lies in, counted from 0. */
  readonly fileNumber?: string;
  /** Another tells the row's number in its file, counted from 0. */
  readonly rowNumber?: string;
  /** Rows to leave out, besides those that deletion vectors name. */
  readonly alsoWithout?: ReadonlyMap<AddFile, readonly number[]>;
  /** The rows to take of each file. Default: all. */
  readonly only?: ReadonlyMap<AddFile, readonly number[]>;
  readonly signal?: AbortSignal | undefined;
  /** For messages: the version that the files are of. */
  readonly version?: number;
}

type Context = Pick<TableContext, "files" | "location">;

/**
 * Makes files of the table readable as a view with the columns of `schema`, without the rows that their deletion vectors
 * name. Throws TABLE_FILES_MISSING, TABLE_CORRUPT for a file that is not what its action says, TABLE_UNSUPPORTED for one
 * that is out of reach, or where a column has the name of such a number.
 */
export async function defineFiles(
  context: Context,
  session: QuerySession,
  name: string,
  { adds, schema, signal, fileNumber, rowNumber, alsoWithout, only, version }: DefineOptions,
): Promise<void> {
  const corrupt = (file: string, cause: unknown): PinlakeError => {
    const reason = `${version === undefined ? "" : `as of version ${version}: `}${messageOf(cause)}`;
    return new PinlakeError("TABLE_CORRUPT", { table: context.location, file, reason }, { cause });
  };
  const missing = (file: string): PinlakeError =>
    version === undefined
      ? corrupt(file, new Error("it is missing"))
      : new PinlakeError("TABLE_FILES_MISSING", { table: context.location, version: String(version), files: [file] });
  for (const own of [fileNumber, rowNumber])
    if (own !== undefined && schema.fields.some(({ name: column }) => column.toLowerCase() === own.toLowerCase()))
      throw new PinlakeError("TABLE_UNSUPPORTED", {
        table: context.location,
        feature: `changing rows beside a column ${own}`,
      });
  const vectors = vectorReader(context, { missing, signal });
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
      const [hidden, further = [], onlyRows] = [await vectors(add), alsoWithout?.get(add), only?.get(add)];
      inputs.push({
        path,
        partitionValues: partitionValuesOf(add, schema),
        withoutRows: further.length === 0 ? hidden : [...hidden, ...further],
        ...(onlyRows && { onlyRows }),
        ...(columns && { columns }),
      });
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
      ...(rowNumber === undefined ? {} : { rowNumber }),
      ...(stored === undefined ? {} : { storedAs: stored }),
    });
  } catch (error) {
    if (!isPinlakeError(error, "QUERY_FAILED")) throw error;
    const { reason } = error.details as { readonly reason: string };
    const named = [...paths].find(([path]) => reason.includes(path))?.[1];
    throw corrupt(named ?? "a data file", new Error(reason));
  }
}

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

async function checkSize(path: string, expected: number): Promise<void> {
  const { size } = await stat(path);
  if (size !== expected) throw new Error(`it has ${size} bytes instead of ${expected}`);
}

/** By the names of the schema. */
function partitionValuesOf({ partitionValues }: AddFile, schema: TableSchema): Record<string, string | null> {
  if (Object.keys(partitionValues).length === 0) return {};
  const values = schema.fields.flatMap((field) => {
    const value = ownValue(partitionValues, physicalName(schema, field));
    return value === undefined ? [] : [[field.name, engineText(value, field)] as const];
  });
  return Object.fromEntries(values);
}

const DATES = new Set(["date", "timestamp", "timestamp_ntz"]);

/** Empty text is NULL, whatever the type. Years of five digits may have a plus, which the engine does not know. */
function engineText(text: string | null, { type }: Column): string | null {
  if (text === null || text === "") return null;
  return DATES.has(type as string) ? text.replace(/^[+]/, "") : text;
}
