import type { Commit, CommitOptions, OperationCounts } from "../../table.ts";
import { checkSettable } from "../definition/properties.ts";
import { tableFile } from "../files/data-files.ts";
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

/** The metadata with a commit's properties set, if it sets any that are not so already. Throws USAGE. */
export function withConfiguration(metaData: MetaData, { configuration }: CommitOptions): MetaData | undefined {
  const changes = Object.entries(configuration ?? {}).filter(([name, value]) => metaData.configuration[name] !== value);
  if (changes.length === 0) return undefined;
  checkSettable(Object.fromEntries(changes));
  return { ...metaData, configuration: { ...metaData.configuration, ...Object.fromEntries(changes) } };
}
