import { PinlakeError } from "../../../errors.ts";
import type { Commit, JoinedFiles, OptimizeOptions } from "../../table.ts";
import type { TableContext } from "../context.ts";
import { removeOf, tableFile } from "../files/data-files.ts";
import { defineFiles } from "../files/define-files.ts";
import { withNewFiles } from "../files/new-files.ts";
import { partitionKey } from "../files/partitions.ts";
import { rowsOf, statsOf, storedRows } from "../files/skipping.ts";
import { type AddFile, decodePath } from "../log/actions.ts";
import { begin, commit } from "../log/commit.ts";
import type { LoadedState } from "../log/state.ts";
import { NO_COUNTS, withConfiguration } from "../write/result.ts";
import { type RowOrder, rowOrder } from "./clustering.ts";
import { inGroups, planCompaction } from "./compaction.ts";
import { type Bin, joinFiles } from "./join-files.ts";

const TARGET_BYTES = 128 * 1024 * 1024;
/** What one commit joins at most, unless a single file is larger: what is done is kept when a later one fails. */
const COMMIT_BYTES = 8 * TARGET_BYTES;
/** Rows are ordered within so many files' worth. */
const ORDERED_FILES = 8;

/** Joins small files; undefined when there is nothing to join. Rows stay what they are, so writers need not give way. */
export async function optimize(context: TableContext, options: OptimizeOptions): Promise<Commit | undefined> {
  const { maxFiles, commitWhen, commitBytes = COMMIT_BYTES, onProgress } = options;
  const base = await begin(context, options);
  const order = rowOrder(context.location, base.schema, options);
  const bins = planBins(base, order, options).slice(0, maxFiles);
  // Who chooses the moment chooses it for all.
  const groups =
    commitWhen === undefined ? inGroups(bins, bytesOf, commitBytes) : [bins].filter(({ length }) => length);
  const commits: Commit[] = [];
  for (const [i, group] of groups.entries()) {
    const last = i === groups.length - 1;
    commits.push(await joinGroup(context, base, { group, order, last, options }));
    onProgress?.({ done: groups.slice(0, i + 1).flat().length, total: bins.length });
  }
  const newest = commits.at(-1);
  return (
    newest && {
      ...newest,
      added: commits.flatMap(({ added }) => added),
      removed: commits.flatMap(({ removed }) => removed),
    }
  );
}

const bytesOf = ({ files }: Bin): number => files.reduce((sum, { size }) => sum + size, 0);

/** What to join: per partition files that are small, or all where rows are to be ordered. */
function planBins(base: LoadedState, order: RowOrder | undefined, options: OptimizeOptions): Bin[] {
  const { targetBytes = TARGET_BYTES, targetRows, growth } = options;
  const only = options.files && new Set(options.files);
  const adds = [...base.files.values()].filter(({ path }) => only?.has(decodePath(path)) !== false);
  const partitions = Map.groupBy(adds, partitionKey);
  return [...partitions.values()].flatMap((adds): Bin[] => {
    if (order !== undefined)
      return inGroups(adds, ({ size }) => size, ORDERED_FILES * targetBytes).map((files) => ({
        files,
        parts: partsOf(files, targetBytes, targetRows),
        order,
      }));
    const sized = adds.map((add) => ({ add, ...live(add) }));
    const groups = planCompaction(sized, { targetBytes, targetRows, growth });
    const joined = new Set(groups.flat());
    const alone = sized.filter((file) => file.deleted > MOST_DELETED && !joined.has(file)).map((file) => [file]);
    return [...groups, ...alone].map((group) => ({ files: group.map(({ add }) => add), parts: 1, order }));
  });
}

/** Of a file's rows so many may be deleted, as a share, before it is written anew for that alone; Spark's own limit. */
const MOST_DELETED = 0.05;

/** What a deletion vector leaves of a file. */
function live(add: AddFile): { readonly size: number; readonly rows: number | undefined; readonly deleted: number } {
  if (add.deletionVector == null) return { size: add.size, rows: rowsOf(add), deleted: 0 };
  const { numRecords } = statsOf(add);
  if (typeof numRecords !== "number" || numRecords === 0) return { size: add.size, rows: undefined, deleted: 1 };
  const rows = numRecords - add.deletionVector.cardinality;
  return { size: Math.ceil((add.size * rows) / numRecords), rows, deleted: 1 - rows / numRecords };
}

function partsOf(files: readonly AddFile[], targetBytes: number, targetRows: number | undefined): number {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const rows = files.reduce((sum, file) => sum + (live(file).rows ?? 0), 0);
  const parts = Math.max(Math.ceil(bytes / targetBytes), targetRows === undefined ? 1 : Math.ceil(rows / targetRows));
  const known = files.every((file) => live(file).rows !== undefined);
  return Math.max(1, known ? Math.min(parts, rows) : parts);
}

type LeftRows = NonNullable<Parameters<JoinedFiles["commit"]>[0]>;

interface Group {
  readonly group: readonly Bin[];
  readonly order: RowOrder | undefined;
  /** Only the last commit carries txns and properties: they say that all is done. */
  readonly last: boolean;
  readonly options: OptimizeOptions;
}

function joinGroup(context: TableContext, base: LoadedState, { group, order, last, options }: Group): Promise<Commit> {
  const { session, signal, targetBytes = TARGET_BYTES, commitWhen = ({ commit: now }) => now() } = options;
  return withNewFiles(context, async (files) => {
    const movedTo = new Map<string, string | undefined>();
    for (const bin of group) {
      const [first, another] = await joinFiles(context, session, files, { bin, base, signal });
      const to = first && another === undefined ? decodePath(first.path) : undefined;
      for (const { path } of bin.files) movedTo.set(decodePath(path), to);
    }
    const replaced = group.flatMap((bin) => bin.files);

    async function commitJoined(left?: LeftRows): Promise<Commit> {
      const { on, removed } = left === undefined ? { on: base, removed: replaced } : await caughtUp(left.rows.length);
      if (left !== undefined && left.rows.length > 0) await files.mark(left.file, left.rows);
      const removes = removed.map((file) => removeOf(file, { nowMs: context.clock.now(), dataChange: false }));
      const after = await commit(context, {
        base: on,
        operation: "OPTIMIZE",
        operationParameters: {
          predicate: "[]",
          targetBytes: String(targetBytes),
          ...(order === undefined
            ? {}
            : { [order.kind === "zOrder" ? "zOrderBy" : "sortBy"]: JSON.stringify(order.columns) }),
        },
        metrics: {
          numRemovedFiles: removes.length,
          numAddedFiles: files.adds.length,
          numRemovedBytes: removes.reduce((sum, { size }) => sum + (size ?? 0), 0),
          numAddedBytes: files.adds.reduce((sum, { size }) => sum + size, 0),
          ...options.metrics?.(NO_COUNTS),
        },
        reads: { kind: "rows", files: new Set(), mayHold: () => false },
        onlyMoves: true,
        files,
        removes,
        txns: last ? (options.txns ?? []) : [],
        metaData: last ? withConfiguration(on.metaData, options) : undefined,
        signal,
      });
      const removedPaths = [...movedTo].map(([path, to]) => ({ path, movedTo: to }));
      const added = files.adds.map(tableFile);
      return { version: after.version, ...NO_COUNTS, added, rowsFile: undefined, removed: removedPaths };
    }

    /** The newest version, and what the replaced files are in it: nothing but `left` rows less. */
    async function caughtUp(left: number): Promise<{ readonly on: LoadedState; readonly removed: readonly AddFile[] }> {
      const on = await context.stateOf(undefined);
      const conflict = (reason: string) =>
        new PinlakeError("TABLE_CONFLICT", { table: context.location, version: String(on.version), reason });
      if (on.metaData !== base.metaData || on.protocol !== base.protocol)
        throw conflict("it changed the schema, the properties or the protocol");
      const removed = [...on.files.values()].filter(({ path }) => movedTo.has(decodePath(path)));
      if (removed.length !== replaced.length) throw conflict("a file that was joined is no longer part of it");
      if (storedRows(removed) !== storedRows(files.adds) - left)
        throw conflict("other rows left the joined files than were told");
      return { on, removed };
    }

    return commitWhen({
      files: files.adds.map(tableFile),
      from: [...movedTo.keys()],
      define: (into, name, { files: some, rowNumber }) => {
        const adds = files.adds.filter(({ path }) => some?.includes(decodePath(path)) !== false);
        return defineFiles(context, into, name, { adds, schema: base.schema, signal, ...(rowNumber && { rowNumber }) });
      },
      commit: commitJoined,
    });
  });
}
