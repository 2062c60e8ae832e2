import type { QuerySession } from "../../engine/query-engine.ts";
import type { AddFile } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { type WriteOptions, writeDataFile } from "./data-files.ts";

/** The data files of a commit in the making. */
export interface NewFiles {
  readonly adds: readonly AddFile[];
  /** Like writeDataFile. */
  write(session: QuerySession, sql: string, options: WriteOptions): Promise<AddFile | undefined>;
  /** While it is not known whether the commit exists they must stay: vacuum removes them if it does not. */
  outcomeUnknown(unknown: boolean): void;
}

/** Runs a commit; when it fails, the files that it wrote are removed. What cannot be removed is left to vacuum. */
export async function withNewFiles<T>(context: TableContext, work: (files: NewFiles) => Promise<T>): Promise<T> {
  const adds: AddFile[] = [];
  let unknown = false;
  try {
    return await work({
      adds,
      async write(session, sql, options) {
        const add = await writeDataFile(context, session, sql, options);
        if (add !== undefined) adds.push(add);
        return add;
      },
      outcomeUnknown: (is) => {
        unknown = is;
      },
    });
  } catch (error) {
    if (!unknown) await Promise.allSettled(adds.map(({ path }) => context.store.delete(context.prefix + path)));
    throw error;
  }
}
