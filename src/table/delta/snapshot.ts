import type { QuerySession } from "../../engine/query-engine.ts";
import type { Snapshot, TableFile } from "../table.ts";
import { decodePath } from "./actions.ts";
import type { TableContext } from "./context.ts";
import { defineFiles, tableFile } from "./data-files.ts";
import { rowsOf } from "./skipping.ts";
import type { LoadedState } from "./state.ts";

/** Which state a snapshot shows. */
const states = new WeakMap<Snapshot, LoadedState>();
const snapshots = new WeakMap<LoadedState, Snapshot>();

export const stateBehind = (snapshot: Snapshot): LoadedState | undefined => states.get(snapshot);

export interface SnapshotContext extends Pick<TableContext, "files" | "location"> {
  readonly countSession: () => Promise<QuerySession>;
}

export function snapshotOf(context: SnapshotContext, state: LoadedState): Snapshot {
  const known = snapshots.get(state);
  if (known !== undefined) return known;
  const { metaData, schema } = state;
  const adds = () => [...state.files.values()];
  let files: readonly TableFile[] | undefined;
  let txns: ReadonlyMap<string, bigint> | undefined;
  const snapshot: Snapshot = {
    version: state.version,
    timestampMs: state.timestampMs,
    schema,
    columns: schema.fields,
    configuration: metaData.configuration,
    get files() {
      files ??= adds().map(tableFile);
      return files;
    },
    get txns() {
      txns ??= new Map([...state.txns.values()].map(({ appId, version }) => [appId, version]));
      return txns;
    },
    define: (session, name, { signal, files: some } = {}) =>
      defineFiles(context, session, name, {
        adds: some === undefined ? adds() : adds().filter((add) => some.includes(decodePath(add.path))),
        schema,
        signal,
      }),
    async countRows() {
      const unknown = adds().filter((add) => rowsOf(add) === undefined);
      const known = adds().reduce((sum, add) => sum + (rowsOf(add) ?? 0), 0);
      if (unknown.length === 0) return known;
      await using session = await context.countSession();
      await defineFiles(context, session, "uncounted", { adds: unknown, schema });
      const { rows } = await session.query("SELECT count(*) FROM uncounted");
      return known + Number(rows[0]?.[0]);
    },
  };
  states.set(snapshot, state);
  snapshots.set(state, snapshot);
  return snapshot;
}
