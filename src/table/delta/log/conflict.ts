import { type AddFile, type CommitActions, fileKey } from "./actions.ts";

/** What a commit rests on. */
export type Reads =
  | { readonly kind: "nothing" }
  | { readonly kind: "table" }
  | {
      /** Rows of a certain kind, found in certain files. */
      readonly kind: "rows";
      readonly files: ReadonlySet<string>;
      /** Whether a new file may hold such rows. */
      readonly mayHold: (add: AddFile) => boolean;
      /** Which new files do, by looking into them; where that is not there, those that may are taken for those that do. */
      readonly holding?: (adds: readonly AddFile[]) => Promise<ReadonlySet<AddFile>>;
    };

export type IsolationLevel = "Serializable" | "WriteSerializable" | "SnapshotIsolation";

export interface Attempt {
  readonly reads: Reads;
  readonly isolation: IsolationLevel;
  readonly actions: Pick<CommitActions, "protocol" | "metaData" | "removes" | "txns" | "domains">;
}

/**
 * Why a commit cannot follow one that was made after the version it rests on; undefined when both may stand, ours as
 * if it had been begun later (Delta protocol, "Conflict resolution"; Spark's ConflictChecker). Beyond the protocol,
 * a winner with an appId of ours always conflicts: which rows our batch holds was decided from that txn.
 */
export function conflictWith(winner: CommitActions, ours: Attempt): string | undefined {
  const { actions, reads } = ours;
  if (winner.protocol !== undefined) return "it changed the protocol";
  if (winner.metaData !== undefined) return "it changed the schema or the properties";

  const appIds = new Set(actions.txns.map(({ appId }) => appId));
  const txn = winner.txns.find(({ appId }) => appIds.has(appId));
  if (txn !== undefined) return `it carries the txn ${txn.appId}`;

  const domains = new Set(actions.domains.map(({ domain }) => domain));
  const domain = winner.domains.find((other) => domains.has(other.domain));
  if (domain !== undefined) return `it changed the domain ${domain.domain}`;

  return addedConflict(winner, ours) ?? removedConflict(winner, reads, actions.removes.map(fileKey));
}

/** Like conflictWith, which decides; files of the winner are looked into where that may change what it says. */
export async function conflictFound(winner: CommitActions, ours: Attempt): Promise<string | undefined> {
  const reason = conflictWith(winner, ours);
  const { reads } = ours;
  if (reason === undefined || reads.kind !== "rows" || reads.holding === undefined) return reason;
  const blindly = conflictWith(winner, { ...ours, reads: { ...reads, mayHold: () => false } });
  if (blindly !== undefined) return blindly;
  const held = await reads.holding(winner.adds);
  return conflictWith(winner, { ...ours, reads: { ...reads, mayHold: (add) => held.has(add) } });
}

function addedConflict(
  { adds, commitInfo }: CommitActions,
  { reads, isolation, actions }: Attempt,
): string | undefined {
  if (reads.kind === "nothing" || isolation === "SnapshotIsolation") return undefined;
  const blind = commitInfo?.isBlindAppend === true;
  if (blind && isolation === "WriteSerializable" && actions.metaData === undefined) return undefined;
  const seen = adds.find((add) => add.dataChange && (reads.kind === "table" || reads.mayHold(add)));
  return seen && `it added ${seen.path}, which may hold rows that this commit depends on`;
}

function removedConflict(winner: CommitActions, reads: Reads, removes: readonly string[]): string | undefined {
  const ours = new Set(removes);
  for (const remove of winner.removes) {
    const key = fileKey(remove);
    if (ours.has(key)) return `it removed ${remove.path} as well`;
    // Rows that only moved to another file (OPTIMIZE) were read all the same.
    if (!remove.dataChange) continue;
    if (reads.kind === "table" || (reads.kind === "rows" && reads.files.has(key)))
      return `it removed ${remove.path}, which this commit depends on`;
  }
  return undefined;
}
