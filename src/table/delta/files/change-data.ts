import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { StructField } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { TableContext } from "../context.ts";
import type { AddFile, ChangeFile } from "../log/actions.ts";
import { uncommitted, type WriteOptions, writeByPartition } from "./data-files.ts";
import { defineFiles } from "./define-files.ts";
import type { NewFiles } from "./new-files.ts";
import type { FileRows } from "./rewrite.ts";
import { withScratch } from "./scratch.ts";

/** What became of rows: where an update changed one, what it was and what it is. */
export type ChangeType = "insert" | "delete" | "update_preimage" | "update_postimage";

/** Rows in the table's columns, by name. */
export interface ChangedRows {
  readonly type: ChangeType;
  readonly sql: string;
}

const TYPE: StructField = { name: "_change_type", type: "string", nullable: true, metadata: {} };
const FOLDER = "_change_data";

/** Whether versions say which rows they changed. */
export const keepsChanges = ({ metaData }: Pick<WriteOptions, "metaData">): boolean =>
  metaData.configuration["delta.enableChangeDataFeed"]?.toLowerCase() === "true";

/** Rows of files, for `work`, as a view of all of the table's columns. */
export async function withRowsOf<T>(
  context: TableContext,
  session: QuerySession,
  { files, write }: { readonly files: readonly (FileRows | AddFile)[]; readonly write: WriteOptions },
  work: (view: string) => Promise<T>,
): Promise<T> {
  const view = `rows_${randomUUID()}`;
  const only = new Map(files.flatMap((one) => ("rows" in one ? [[one.file, one.rows] as const] : [])));
  const adds = files.map((one) => ("rows" in one ? one.file : one));
  return withScratch(session, { views: [view] }, async () => {
    await defineFiles(context, session, view, { adds, only, schema: write.schema, signal: write.signal });
    return work(session.quote(view));
  });
}

/** Some rows went and others came. */
export function writeReplaced(
  context: TableContext,
  session: QuerySession,
  written: Pick<NewFiles, "writeChanges">,
  { leaving, brought, write }: ReplacedRows,
): Promise<void> {
  return withRowsOf(context, session, { files: leaving, write }, (gone) =>
    withRowsOf(context, session, { files: brought, write }, (come) =>
      written.writeChanges(
        session,
        [
          { type: "delete", sql: `SELECT * FROM ${gone}` },
          { type: "insert", sql: `SELECT * FROM ${come}` },
        ],
        write,
      ),
    ),
  );
}

export interface ReplacedRows {
  readonly leaving: readonly FileRows[];
  readonly brought: readonly AddFile[];
  readonly write: WriteOptions;
}

/** Files that say which rows a version changes, made as writeDataFiles makes data files. */
export async function writeChanges(
  context: TableContext,
  session: QuerySession,
  changed: readonly ChangedRows[],
  options: WriteOptions & { readonly made: (change: ChangeFile) => void },
): Promise<void> {
  if (changed.length === 0) return;
  const { store, prefix, location } = context;
  const { schema } = options;
  if (schema.fields.some(({ name }) => name.toLowerCase() === TYPE.name))
    throw new PinlakeError("TABLE_UNSUPPORTED", {
      table: location,
      feature: `a change data feed beside a column ${TYPE.name}`,
    });
  const columns = schema.fields.map(({ name }) => session.quote(name)).join(", ");
  const sql = changed.map(
    (rows) => `SELECT ${columns}, ${session.literal(rows.type)} AS ${session.quote(TYPE.name)} FROM (${rows.sql}) AS c`,
  );
  const withType = { ...schema, fields: [...schema.fields, TYPE] };
  await writeByPartition(context, session, sql.join("\nUNION ALL "), {
    ...options,
    schema: withType,
    file: async (written, values) => {
      const path = `${FOLDER}/cdc-${randomUUID()}.zstd.parquet`;
      uncommitted.add(path);
      if (!(await store.adoptFile(prefix + path, written.path)))
        throw new PinlakeError("INTERNAL", { reason: `${prefix}${path} exists already, against all odds` });
      options.made({ path, partitionValues: values, size: written.bytes, dataChange: false });
    },
  });
}
