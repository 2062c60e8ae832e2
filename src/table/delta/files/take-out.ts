import type { QuerySession } from "../../../engine/query-engine.ts";
import { PinlakeError } from "../../../errors.ts";
import type { TableContext } from "../context.ts";
import type { AddFile } from "../log/actions.ts";
import type { LoadedState } from "../log/state.ts";
import type { Replaced } from "../write/result.ts";
import { removeOf, type WriteOptions, writtenColumns } from "./data-files.ts";
import type { NewFiles } from "./new-files.ts";
import { knownVectors, vectorReader } from "./read-vectors.ts";
import { type FileRows, rewrite, rewriteTogether } from "./rewrite.ts";
import { rowsOf, statsOf, withLooseBounds } from "./skipping.ts";

export interface TakenOut {
  readonly replaced: readonly Replaced[];
  /** The same files with other deletion vectors; each follows the removal of what it was. */
  readonly marked: readonly AddFile[];
}

/**
 * Takes rows out of files. A file that loses every row goes. Of the others deletion vectors say what is gone, where the table
 * has them enabled; else they are written anew, small ones of a partition together.
 */
export async function takeOut(
  context: TableContext,
  session: QuerySession,
  written: NewFiles,
  {
    base,
    leaving,
    write,
  }: { readonly base: LoadedState; readonly leaving: readonly FileRows[]; readonly write: WriteOptions },
): Promise<TakenOut> {
  const nowMs = context.clock.now();
  const [emptied, touched] = split(leaving, ({ file, rows }) => rows.length === rowsOf(file));
  const [marking, rewriting] = split(
    touched,
    ({ file }) => marksRows(base) && typeof statsOf(file).numRecords === "number",
  );
  const replaced: Replaced[] = emptied.map(({ file }) => ({ remove: removeOf(file, { nowMs }), by: undefined }));
  for (const group of rewriteTogether(rewriting)) {
    const by = await rewrite(context, session, written, { without: group, write });
    for (const { file } of group) replaced.push({ remove: removeOf(file, { nowMs }), by });
  }
  const marked = await mark(context, written, { leaving: marking, signal: write.signal });
  for (const [i, { file }] of marking.entries()) replaced.push({ remove: removeOf(file, { nowMs }), by: marked[i] });
  return { replaced, marked };
}

/** Whether rows leave files of the table by deletion vectors. */
const marksRows = ({ protocol, metaData }: LoadedState): boolean =>
  metaData.configuration["delta.enableDeletionVectors"]?.toLowerCase() === "true" &&
  protocol.writerFeatures?.includes("deletionVectors") === true;

async function mark(
  context: TableContext,
  written: NewFiles,
  { leaving, signal }: { readonly leaving: readonly FileRows[]; readonly signal: AbortSignal | undefined },
): Promise<AddFile[]> {
  if (leaving.length === 0) return [];
  const { location: table } = context;
  const missing = (file: string) => new PinlakeError("TABLE_CORRUPT", { table, file, reason: "it is missing" });
  const before = vectorReader(context, { missing, signal });
  const gone: (readonly number[])[] = [];
  for (const { file, rows } of leaving) gone.push(united(await before(file), rows));
  const vectors = await written.vectors(gone);
  return leaving.map(({ file }, i) => {
    const marked = { ...file, dataChange: true, stats: withLooseBounds(file), deletionVector: vectors[i] ?? null };
    knownVectors.set(marked, gone[i] ?? []);
    const columns = writtenColumns.get(file);
    if (columns !== undefined) writtenColumns.set(marked, columns);
    return marked;
  });
}

/** Both in one, rising and each once. The first is rising; it may be long, and most of it stays from commit to commit. */
function united(rising: readonly number[], more: readonly number[]): number[] {
  const all: number[] = [];
  let at = 0;
  for (const row of [...more].sort((a, b) => a - b)) {
    for (; at < rising.length && (rising[at] as number) < row; at++) all.push(rising[at] as number);
    if (rising[at] === row) at++;
    if (all.at(-1) !== row) all.push(row);
  }
  for (; at < rising.length; at++) all.push(rising[at] as number);
  return all;
}

function split<T>(items: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []];
  for (const item of items) (is(item) ? yes : no).push(item);
  return [yes, no];
}
