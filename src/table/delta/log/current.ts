import type { StoredCommit } from "./commit-log.ts";
import type { LogReader } from "./load.ts";
import { applied, loadState } from "./load.ts";
import { commitName } from "./names.ts";
import { type LoadedState, loadedState } from "./state.ts";

/** The newest version that this process knows, moved on by reading only the commits that are new. */
export interface Current {
  /** The newest version there is; undefined when there is no table. */
  refresh(): Promise<LoadedState | undefined>;
  /** A version, if it happens to be the newest one known: then it need not be loaded. */
  known(version: number): Promise<LoadedState | undefined>;
  /** A version that we committed ourselves on top of `state`'s predecessor. */
  learn(commit: StoredCommit, before: LoadedState): LoadedState;
  /** The commits after a version, in order, without a gap; undefined when they are no longer all there. */
  since(version: number): Promise<readonly StoredCommit[] | undefined>;
}

interface Known {
  readonly state: LoadedState;
  /** What tells this commit's file from another of that name, in a table made anew in the same place. */
  readonly file: string | undefined;
}

const identity = (file: { readonly modifiedAtMs: number; readonly bytes: number }) =>
  `${file.modifiedAtMs}/${file.bytes}`;

export function currentState(reader: LogReader): Current {
  const { log } = reader;
  let known: Known | undefined;

  const keep = (next: Known): LoadedState => {
    if (known === undefined || next.state.version >= known.state.version) known = next;
    return next.state;
  };

  async function reload(): Promise<LoadedState | undefined> {
    known = undefined;
    const state = await loadState(reader);
    if (state === undefined) return undefined;
    const file = await log.head(state.version);
    return keep({ state, file: file && identity(file) });
  }

  const next = ({ state }: Known, commit: StoredCommit): Known => ({
    state: loadedState(applied(log, state, [commit]), {
      table: log.location,
      file: commitName(commit.version),
    }),
    file: identity(commit),
  });

  return {
    async refresh() {
      let at = known;
      if (at === undefined) return reload();
      for (;;) {
        const { version } = at.state;
        const [file, commit] = await Promise.all([log.head(version), log.read(version + 1)]);
        // A commit that is gone or another: the log moved on, or began anew, without us.
        if (file === undefined || identity(file) !== at.file) return reload();
        if (commit === undefined) return keep(at);
        at = next(at, commit);
      }
    },
    async known(version) {
      if (known?.state.version !== version) return undefined;
      const { state, file: kept } = known;
      const file = await log.head(version);
      return file !== undefined && identity(file) === kept ? state : undefined;
    },
    learn: (commit, before) => keep(next({ state: before, file: undefined }, commit)),
    async since(version) {
      const commits: StoredCommit[] = [];
      for (;;) {
        const commit = await log.read(version + 1 + commits.length);
        if (commit === undefined) break;
        commits.push(commit);
      }
      if (commits.length > 0) return commits;
      return (await log.head(version)) === undefined ? undefined : commits;
    },
  };
}
