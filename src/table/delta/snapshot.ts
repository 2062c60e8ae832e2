import type { QuerySession } from "../../engine/query-engine.ts";
import type { Snapshot, TableFile } from "../table.ts";
import type { TableContext } from "./context.ts";
import { countRows } from "./files/count-rows.ts";
import { tableFile } from "./files/data-files.ts";
import { defineFiles } from "./files/define-files.ts";
import { mayHold } from "./files/skipping.ts";
import { decodePath } from "./log/actions.ts";
import type { LoadedState } from "./log/state.ts";

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
    partitionColumns: metaData.partitionColumns,
    configuration: metaData.configuration,
    get files() {
      files ??= adds().map(tableFile);
      return files;
    },
    get txns() {
      txns ??= new Map([...state.txns.values()].map(({ appId, version }) => [appId, version]));
      return txns;
    },
    define: (session, name, { signal, rowNumber, files: some } = {}) =>
      defineFiles(context, session, name, {
        adds: some === undefined ? adds() : adds().filter((add) => some.includes(decodePath(add.path))),
        schema,
        signal,
        ...(rowNumber === undefined ? {} : { rowNumber }),
        version: state.version,
      }),
    // Stats name columns as the files do: where that is another name, none is looked at.
    filesWithin: (ranges) =>
      adds()
        .filter((add) => mayHold(add, ranges, schema))
        .map(tableFile),
    countRows: () =>
      countRows(context, adds(), schema, async (work) => {
        await using session = await context.countSession();
        return await work(session);
      }),
  };
  states.set(snapshot, state);
  snapshots.set(state, snapshot);
  return snapshot;
}
