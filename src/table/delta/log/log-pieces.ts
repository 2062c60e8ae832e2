import { type CommitActions, fileKey } from "./actions.ts";
import type { CommitLog, ListedLogFile } from "./commit-log.ts";
import { commitsSayTimes } from "./commit-times.ts";
import { type CommitToApply, parseSchema } from "./state.ts";

/** What is read as one: a commit, or the file that says what several say together. */
interface LogPiece {
  readonly commits: readonly ListedLogFile[];
  readonly compacted?: ListedLogFile & { readonly kind: "compacted" };
}

/** Files read at the same time: as many as waiting is worth, and of large ones no more than are quickly gone through. */
const READ_AHEAD = { files: 32, bytes: 4 * 1024 * 1024 };

/**
 * The commits after a version up to `newest`, all of which must be listed. Where a log compaction file says the same as
 * some of them they come empty but for the last, which has what is left of all. It is but a help: one that cannot be
 * used is as if it were not there. `missing` makes the error for a commit that is gone.
 */
export async function* commitsAfter(
  log: CommitLog,
  listed: readonly ListedLogFile[],
  { after, newest, missing }: { after: number; newest: number; missing: (version: number) => unknown },
): AsyncGenerator<CommitToApply> {
  yield* read(log, piecesOf(listed, after, newest), missing);
}

async function* read(
  log: CommitLog,
  pieces: readonly LogPiece[],
  missing: (version: number) => unknown,
): AsyncGenerator<CommitToApply> {
  for (const group of readTogether(pieces))
    for (const { piece, commits } of await Promise.all(group.map(async (piece) => readPiece(log, piece))))
      if (commits !== undefined) yield* commits;
      else if (piece.compacted === undefined) throw missing(piece.commits[0]?.version ?? 0);
      else yield* read(log, piece.commits.map(single), missing);
}

const single = (commit: ListedLogFile): LogPiece => ({ commits: [commit] });

/**
 * From each version on the longest compaction that begins there. The newest commit is read itself: when it was made, it
 * may say itself.
 */
function piecesOf(listed: readonly ListedLogFile[], after: number, newest: number): LogPiece[] {
  const commits = new Map<number, ListedLogFile>();
  const longest = new Map<number, LogPiece["compacted"] & {}>();
  for (const file of listed)
    if (file.kind === "commit") commits.set(file.version, file);
    else if (file.kind === "compacted" && file.to < newest && file.to > (longest.get(file.version)?.to ?? file.version))
      longest.set(file.version, file);
  const pieces: LogPiece[] = [];
  for (let version = after + 1; version <= newest; ) {
    const compacted = longest.get(version);
    const to = compacted?.to ?? version;
    const of = Array.from({ length: to - version + 1 }, (_, i) => commits.get(version + i) as ListedLogFile);
    pieces.push(compacted === undefined ? { commits: of } : { commits: of, compacted });
    version = to + 1;
  }
  return pieces;
}

async function readPiece(log: CommitLog, piece: LogPiece) {
  const { commits, compacted } = piece;
  const last = commits.at(-1) as ListedLogFile;
  if (compacted === undefined) {
    const commit = await log.read(last.version, last);
    return { piece, commits: commit && [commit] };
  }
  const [actions, newest] = await Promise.all([log.readCompacted(compacted.name), log.read(last.version, last)]);
  if (actions === undefined || newest === undefined) return { piece, commits: undefined };
  if (!usable(actions) || !saysAs(actions, newest.actions)) return { piece, commits: undefined };
  const nothing = { adds: [], removes: [], txns: [], domains: [] };
  return { piece, commits: commits.map((at) => ({ ...at, actions: at === last ? actions : nothing })) };
}

/**
 * Whether a compaction can stand for its commits. There are writers that only join them: what it names twice has a
 * newest, which its lines do not tell. Nor does it tell which times its commits say.
 */
function usable({ adds, removes, txns, domains, metaData }: CommitActions): boolean {
  const files = new Set([...adds, ...removes].map(fileKey));
  if (files.size !== adds.length + removes.length) return false;
  if (new Set(txns.map(({ appId }) => appId)).size !== txns.length) return false;
  if (new Set(domains.map(({ domain }) => domain)).size !== domains.length) return false;
  if (metaData === undefined) return true;
  try {
    parseSchema(metaData);
    return !commitsSayTimes(metaData.configuration);
  } catch {
    return false;
  }
}

/** Whether a compaction says what the newest of its commits says: else it is that of a table that was here before. */
function saysAs(compacted: CommitActions, newest: CommitActions): boolean {
  const adds = new Set(compacted.adds.map(fileKey));
  const removes = new Set(compacted.removes.map(fileKey));
  const txns = new Map(compacted.txns.map(({ appId, version }) => [appId, version]));
  const added = new Set(newest.adds.map(fileKey));
  return (
    [...added].every((key) => adds.has(key)) &&
    newest.removes.map(fileKey).every((key) => removes.has(key) || added.has(key)) &&
    newest.txns.every(({ appId, version }) => txns.get(appId) === version) &&
    (newest.metaData === undefined || newest.metaData.id === compacted.metaData?.id)
  );
}

function* readTogether(pieces: readonly LogPiece[]): Generator<readonly LogPiece[]> {
  let group: LogPiece[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    const more = (piece.compacted ?? piece.commits[0])?.bytes ?? 0;
    if (group.length >= READ_AHEAD.files || (group.length > 0 && bytes + more > READ_AHEAD.bytes)) {
      yield group;
      [group, bytes] = [[], 0];
    }
    group.push(piece);
    bytes += more;
  }
  if (group.length > 0) yield group;
}
