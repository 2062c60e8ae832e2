import { randomUUID } from "node:crypto";
import type { QuerySession } from "../../../engine/query-engine.ts";
import type { TableContext } from "../context.ts";
import { defineFiles } from "../files/define-files.ts";
import type { NewFiles } from "../files/new-files.ts";
import { selectColumns } from "../files/rows.ts";
import { withScratch } from "../files/scratch.ts";
import type { AddFile } from "../log/actions.ts";
import type { LoadedState } from "../log/state.ts";
import { ordered, type RowOrder } from "./clustering.ts";

/** Files of one partition whose rows are laid anew. */
export interface Bin {
  readonly files: readonly AddFile[];
  /** Into how many files. */
  readonly parts: number;
  readonly order: RowOrder | undefined;
}

const PART = "_pinlake_part";

/** Writes a bin's rows anew; resolves with the files that hold them. */
export async function joinFiles(
  context: TableContext,
  session: QuerySession,
  written: NewFiles,
  { bin, base, signal }: { readonly bin: Bin; readonly base: LoadedState; readonly signal: AbortSignal | undefined },
): Promise<AddFile[]> {
  const { schema, metaData } = base;
  const id = randomUUID();
  const [view, parted] = [`joined_${id}`, `parted_${id}`];
  const q = session.quote;
  const partition = bin.files[0]?.partitionValues ?? {};
  const write = async (sql: string) =>
    written.write(session, sql, { schema, metaData, partition, dataChange: false, signal });
  return withScratch(session, { views: [view], tables: [parted] }, async () => {
    await defineFiles(context, session, view, { adds: bin.files, schema, signal });
    const { from, orderBy } =
      bin.order === undefined ? { from: q(view), orderBy: "" } : ordered(session, view, bin.order);
    const inOrder = orderBy === "" ? "" : ` ORDER BY ${orderBy}`;
    if (bin.parts === 1) return [...(await write(selectColumns(session, schema, from) + inOrder))];
    // Sorted once, and kept with the place of each row: its parts are read one by one.
    await session.execute(
      `CREATE TEMPORARY TABLE ${q(parted)} AS
       SELECT *, ntile(${bin.parts}) OVER (${orderBy === "" ? "" : `ORDER BY ${orderBy}`}) AS ${q(PART)} FROM ${from} AS t`,
      signal === undefined ? {} : { signal },
    );
    const adds: AddFile[] = [];
    for (let part = 1; part <= bin.parts; part++)
      adds.push(
        ...(await write(
          selectColumns(session, schema, `(SELECT * FROM ${q(parted)} WHERE ${q(PART)} = ${part})`) + inOrder,
        )),
      );
    return adds;
  });
}
