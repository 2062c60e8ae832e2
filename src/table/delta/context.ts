import type { Clock } from "../../clock.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { Snapshot } from "../table.ts";
import type { LocalFiles } from "./files/local-files.ts";
import type { Checkpoints } from "./log/checkpoint.ts";
import type { CommitLog } from "./log/commit-log.ts";
import type { Current } from "./log/current.ts";
import type { LoadedState } from "./log/state.ts";

/** What every operation on one table works with. */
export interface TableContext {
  readonly store: ObjectStore;
  /** The table's folder in the store, ending in a slash. */
  readonly prefix: string;
  readonly location: string;
  readonly clock: Clock;
  readonly engineInfo: string;
  readonly log: CommitLog;
  readonly checkpoints: Checkpoints;
  readonly files: LocalFiles;
  readonly current: Current;
  /** For writers, the state behind a snapshot: the newest when there is none. Throws TABLE_NOT_FOUND, STORE_UNSAFE. */
  stateOf(snapshot: Snapshot | undefined): Promise<LoadedState>;
  /** After a commit: whatever keeps the log short. */
  readonly afterCommit: (state: LoadedState) => Promise<void>;
}
