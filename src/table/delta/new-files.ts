import type { QuerySession } from "../../engine/query-engine.ts";
import type { RowFiles, Rows } from "../table.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { adoptDataFile, uncommitted, type WriteOptions, writeDataFile } from "./data-files.ts";
import { checkColumns, inSchemaOrder } from "./rows.ts";

/** The data files of a commit in the making. */
export interface NewFiles {
  readonly adds: readonly AddFile[];
  /** Like writeDataFile. */
  write(session: QuerySession, sql: string, options: WriteOptions): Promise<AddFile | undefined>;
  /** The caller's rows: what their query gives in one file, or the files in which they lie. */
  bring(rows: Rows | RowFiles, options: WriteOptions): Promise<readonly AddFile[]>;
  /** Throws SCHEMA_MISMATCH. */
  adopt(rows: RowFiles, options: WriteOptions): Promise<readonly AddFile[]>;
  /** While it is not known whether the commit exists they must stay: vacuum removes them if it does not. */
  outcomeUnknown(unknown: boolean): void;
}

/** Runs a commit; when it fails, the files that it wrote are removed. What cannot be removed is left to vacuum. */
export async function withNewFiles<T>(context: TableContext, work: (files: NewFiles) => Promise<T>): Promise<T> {
  const adds: AddFile[] = [];
  let unknown = false;
  const write: NewFiles["write"] = async (session, sql, options) => {
    const add = await writeDataFile(context, session, sql, options);
    if (add !== undefined) adds.push(add);
    return add;
  };
  const adopt: NewFiles["adopt"] = async (rows, options) => {
    checkColumns(rows, options.schema, context.location);
    // All at once: they wait for the disk together. Those that came in are known also when another did not.
    const filled = rows.files.filter((file) => file.rows > 0);
    const adopted = await Promise.allSettled(filled.map((file) => adoptDataFile(context, file, options)));
    const brought = adopted.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    adds.push(...brought);
    for (const one of adopted) if (one.status === "rejected") throw one.reason;
    return brought;
  };
  try {
    return await work({
      adds,
      write,
      adopt,
      async bring(rows, options) {
        if ("files" in rows) return adopt(rows, options);
        const add = await write(rows.session, await inSchemaOrder(rows, options.schema, context.location), options);
        return add === undefined ? [] : [add];
      },
      outcomeUnknown: (is) => {
        unknown = is;
      },
    });
  } catch (error) {
    if (!unknown) await Promise.allSettled(adds.map(({ path }) => context.store.delete(context.prefix + path)));
    throw error;
  } finally {
    for (const { path } of adds) uncommitted.delete(path);
  }
}
