import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import { PinlakeError } from "../../../errors.ts";
import type { RowFiles, Rows } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { constraintsOf, guarded } from "../definition/constraints.ts";
import { type AddFile, type ChangeFile, type DeletionVector, decodePath } from "../log/actions.ts";
import { type ChangedRows, writeChanges } from "./change-data.ts";
import { adoptDataFile, uncommitted, type WriteOptions, writeDataFiles } from "./data-files.ts";
import { inAction, vectorFile, vectorOf, vectorsFile } from "./deletion-vector.ts";
import { checkColumns, inSchemaOrder } from "./rows.ts";
import { withScratch } from "./scratch.ts";
import { withLooseBounds } from "./skipping.ts";

/** The files of a commit in the making. */
export interface NewFiles {
  readonly adds: readonly AddFile[];
  readonly changes: readonly ChangeFile[];
  /** Like writeDataFiles. */
  write(session: QuerySession, sql: string, options: WriteOptions): Promise<readonly AddFile[]>;
  /** The caller's rows: what their query gives in new files, or the files in which they lie. */
  bring(rows: Rows | RowFiles, options: WriteOptions): Promise<readonly AddFile[]>;
  /** Like writeChanges. */
  writeChanges(session: QuerySession, changed: readonly ChangedRows[], options: WriteOptions): Promise<void>;
  /** Deletion vectors of these distinct row numbers, in order. */
  vectors(rows: readonly (readonly number[])[]): Promise<readonly DeletionVector[]>;
  /** Marks rows of one of these files as no part of the table, by their numbers. */
  mark(file: string, rows: readonly number[]): Promise<void>;
  /** While it is not known whether the commit exists they must stay: vacuum removes them if it does not. */
  outcomeUnknown(unknown: boolean): void;
}

/** So many bytes of vectors stand in the commit itself: a file of their own costs a write and a sync. */
const INLINE_BYTES = 4096;

/** Runs a commit; when it fails, the files that it wrote are removed. What cannot be removed is left to vacuum. */
export async function withNewFiles<T>(context: TableContext, work: (files: NewFiles) => Promise<T>): Promise<T> {
  const { store, prefix } = context;
  const adds: AddFile[] = [];
  const changes: ChangeFile[] = [];
  const vectorFiles: string[] = [];
  let unknown = false;

  const write: NewFiles["write"] = (session, sql, options) =>
    writeDataFiles(context, session, sql, { ...options, made: (add) => void adds.push(add) });

  async function adopt(rows: RowFiles, options: WriteOptions): Promise<readonly AddFile[]> {
    checkColumns(rows, options.schema, context.location);
    // All at once: they wait for the disk together. Those that came in are known also when another did not.
    const filled = rows.files.filter((file) => file.rows > 0);
    const adopted = await Promise.allSettled(
      filled.map((file) => adoptDataFile(context, file, { ...options, values: {} })),
    );
    const brought = adopted.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    adds.push(...brought);
    for (const one of adopted) if (one.status === "rejected") throw one.reason;
    return brought;
  }

  /** Files that are not as this table's files have to be are only where its rows come from. */
  async function copy({ session, files }: RowFiles, options: WriteOptions): Promise<readonly AddFile[]> {
    const view = `rows_${randomUUID()}`;
    return withScratch(session, { views: [view] }, async () => {
      await session.defineParquet(view, options.schema.fields, files);
      return bringQuery({ session, sql: `SELECT * FROM ${session.quote(view)}` }, options);
    });
  }

  async function bringQuery({ session, sql }: Rows, options: WriteOptions): Promise<readonly AddFile[]> {
    const ordered = await inSchemaOrder({ session, sql }, options.schema, context.location);
    return guarded(context.location, { session, sql: ordered }, options, (kept) => write(session, kept, options));
  }

  async function vectors(rows: readonly (readonly number[])[]): Promise<readonly DeletionVector[]> {
    const formatted = rows.map(vectorOf);
    const size = formatted.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (size <= INLINE_BYTES) return formatted.map(inAction);
    const made = vectorsFile(randomUUID(), formatted);
    const name = vectorFile(made.vectors[0] as DeletionVector) as string;
    uncommitted.add(name);
    vectorFiles.push(name);
    await store.put(prefix + name, made.bytes);
    return made.vectors;
  }

  try {
    return await work({
      adds,
      changes,
      write,
      async writeChanges(session, changed, options) {
        await writeChanges(context, session, changed, { ...options, made: (change) => void changes.push(change) });
      },
      async bring(rows, options) {
        if (!("files" in rows)) return bringQuery(rows, options);
        return holdsAsIs(options) ? adopt(rows, options) : copy(rows, options);
      },
      vectors,
      async mark(file, rows) {
        const at = adds.findIndex(({ path }) => decodePath(path) === file);
        const add = adds[at];
        if (add === undefined) throw new PinlakeError("INTERNAL", { reason: `${file} is none of the new files` });
        const [deletionVector = null] = await vectors([rows]);
        adds[at] = { ...add, deletionVector, stats: withLooseBounds(add) };
      },
      outcomeUnknown: (is) => {
        unknown = is;
      },
    });
  } catch (error) {
    const names = [...[...adds, ...changes].map(({ path }) => decodePath(path)), ...vectorFiles];
    if (!unknown) await Promise.allSettled(names.map((name) => store.delete(prefix + name)));
    throw error;
  } finally {
    for (const { path } of [...adds, ...changes]) uncommitted.delete(path);
    for (const name of vectorFiles) uncommitted.delete(name);
  }
}

/** Whether files with the table's columns under their names can become files of the table as they are. */
const holdsAsIs = (options: WriteOptions): boolean =>
  options.schema.columnMapping === undefined &&
  options.metaData.partitionColumns.length === 0 &&
  constraintsOf(options).length === 0;
