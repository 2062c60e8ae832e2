import type { Commit, CommitOptions, OperationCounts } from "../../table.ts";
import { checkSettable } from "../definition/properties.ts";
import { tableFile } from "../files/data-files.ts";
import type { NewFiles } from "../files/new-files.ts";
import { storedRows } from "../files/skipping.ts";
import type { TakenOut } from "../files/take-out.ts";
import { type AddFile, decodePath, type MetaData, type RemoveFile } from "../log/actions.ts";

export const NO_COUNTS: OperationCounts = { inserted: 0, replaced: 0, kept: 0, deleted: 0 };

export interface Replaced {
  readonly remove: RemoveFile;
  /** The file with what was left of it: another, or itself with another deletion vector. */
  readonly by: AddFile | undefined;
}

export function commitResult(
  version: number,
  counts: OperationCounts,
  files: { readonly rows?: readonly AddFile[]; readonly replaced?: readonly Replaced[] },
): Commit {
  const { rows = [], replaced = [] } = files;
  const [first, another] = rows;
  const gone = replaced.filter(({ remove, by }) => by?.path !== remove.path);
  const rewritten = new Set(gone.flatMap(({ by }) => (by === undefined ? [] : [by])));
  return {
    version,
    ...counts,
    added: [...rows, ...rewritten].map(tableFile),
    rowsFile: first && another === undefined ? decodePath(first.path) : undefined,
    removed: gone.map(({ remove, by }) => ({ path: decodePath(remove.path), movedTo: by && decodePath(by.path) })),
  };
}

/** What a commit says of a write's files: those that are new, that are marked, and that leave. */
export const filesOf = (files: NewFiles, { replaced, marked }: TakenOut) => ({
  files,
  adds: marked,
  removes: replaced.map(({ remove }) => remove),
});

/** What the history tells of them. */
export const fileMetrics = (files: NewFiles, { replaced, marked }: TakenOut) => ({
  numAddedFiles: files.adds.length,
  numRemovedFiles: replaced.length - marked.length,
  numDeletionVectorsUpdated: marked.length,
  numAddedChangeFiles: files.changes.length,
});

/** The same of a merge, as Spark has it, with the rows: `stored` of those in the new files are the source's. */
export function mergeMetrics(files: NewFiles, { replaced, marked }: TakenOut, rows: MergedRows) {
  const { counts, source, stored } = rows;
  return {
    numSourceRows: source,
    numTargetRowsInserted: counts.inserted,
    numTargetRowsUpdated: counts.replaced,
    numTargetRowsDeleted: counts.deleted,
    numTargetRowsCopied: storedRows(files.adds) - stored,
    numTargetFilesAdded: files.adds.length,
    numTargetFilesRemoved: replaced.length - marked.length,
    numTargetDeletionVectorsUpdated: marked.length,
    numTargetChangeFilesAdded: files.changes.length,
  };
}

export interface MergedRows {
  readonly counts: OperationCounts;
  readonly source: number;
  readonly stored: number;
}

/** The metadata with a commit's properties set, if it sets any that are not so already. Throws USAGE. */
export function withConfiguration(metaData: MetaData, { configuration }: CommitOptions): MetaData | undefined {
  const changes = Object.entries(configuration ?? {}).filter(([name, value]) => metaData.configuration[name] !== value);
  if (changes.length === 0) return undefined;
  checkSettable(Object.fromEntries(changes));
  return { ...metaData, configuration: { ...metaData.configuration, ...Object.fromEntries(changes) } };
}
