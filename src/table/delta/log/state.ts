import type { StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import { mappingMode, type TableSchema } from "../definition/column-mapping.ts";
import {
  type AddFile,
  type CommitActions,
  type DomainMetadata,
  fileKey,
  type MetaData,
  type Protocol,
  type RemoveFile,
  type SetTransaction,
} from "./actions.ts";
import { commitsSayTimes } from "./commit-times.ts";
import { type LayeredMap, layeredMap } from "./layered-map.ts";

/** Everything that a version of the table says, by replay of its log up to there. */
export interface TableState {
  /** -1 before the first commit. */
  readonly version: number;
  readonly timestampMs: number;
  readonly protocol: Protocol | undefined;
  readonly metaData: MetaData | undefined;
  readonly schema: TableSchema | undefined;
  /** By fileKey. */
  readonly files: LayeredMap<AddFile>;
  readonly tombstones: LayeredMap<RemoveFile>;
  readonly txns: LayeredMap<SetTransaction>;
  readonly domains: LayeredMap<DomainMetadata>;
}

export const EMPTY_STATE: TableState = {
  version: -1,
  timestampMs: 0,
  protocol: undefined,
  metaData: undefined,
  schema: undefined,
  files: layeredMap(),
  tombstones: layeredMap(),
  txns: layeredMap(),
  domains: layeredMap(),
};

export interface CommitAt {
  readonly version: number;
  /** When its file was last written: commit times are these, made to rise, unless commits say their own. */
  readonly modifiedAtMs: number;
}

export interface CommitToApply extends CommitAt {
  readonly actions: CommitActions;
}

/**
 * The state some versions on. Of each, removes count before adds, so that a commit may replace a file's deletion vector. Many at
 * once cost less than one by one.
 */
export function applyCommits(state: TableState, commits: readonly CommitToApply[]): TableState {
  let { version, timestampMs, protocol, metaData, schema } = state;
  const [files, tombstones]: [Change<AddFile>[], Change<RemoveFile>[]] = [[], []];
  const [txns, domains]: [Change<SetTransaction>[], Change<DomainMetadata>[]] = [[], []];
  for (const { actions, ...at } of commits) {
    if (actions.metaData !== undefined) [metaData, schema] = [whole(actions.metaData), parseSchema(actions.metaData)];
    const saidMs = commitsSayTimes(metaData?.configuration) ? actions.commitInfo?.inCommitTimestamp : undefined;
    timestampMs = saidMs ?? Math.max(at.modifiedAtMs, timestampMs + (version < 0 ? 0 : 1));
    version = at.version;
    protocol = actions.protocol ?? protocol;
    for (const remove of actions.removes) {
      const key = fileKey(remove);
      files.push([key, undefined]);
      tombstones.push([key, remove]);
    }
    for (const add of actions.adds) {
      const key = fileKey(add);
      files.push([key, add]);
      tombstones.push([key, undefined]);
    }
    for (const txn of actions.txns) txns.push([txn.appId, txn]);
    for (const domain of actions.domains) domains.push([domain.domain, domain.removed ? undefined : domain]);
  }
  return {
    version,
    timestampMs,
    protocol,
    metaData,
    schema,
    files: changed(state.files, files),
    tombstones: changed(state.tombstones, tombstones),
    txns: changed(state.txns, txns),
    domains: changed(state.domains, domains),
  };
}

type Change<V> = readonly [string, V | undefined];

/** Some writers leave out what is empty. */
const whole = (metaData: MetaData): MetaData =>
  metaData.configuration != null && metaData.partitionColumns != null
    ? metaData
    : { ...metaData, configuration: metaData.configuration ?? {}, partitionColumns: metaData.partitionColumns ?? [] };

const changed = <V>(map: LayeredMap<V>, changes: readonly Change<V>[]): LayeredMap<V> =>
  changes.length === 0 ? map : map.with(changes);

export function parseSchema({ schemaString, configuration }: MetaData): TableSchema {
  if (typeof schemaString !== "string") throw new Error("metaData has no schemaString");
  const schema = JSON.parse(schemaString) as StructType;
  const columnMapping = mappingMode(configuration ?? {});
  return columnMapping === "name" || columnMapping === "id" ? { ...schema, columnMapping } : schema;
}

/** A state that is a table: it has a protocol and metadata. */
export interface LoadedState extends TableState {
  readonly protocol: Protocol;
  readonly metaData: MetaData;
  readonly schema: TableSchema;
}

/** Throws TABLE_CORRUPT when the log so far does not say what the table is. */
export function loadedState(state: TableState, source: { readonly table: string; readonly file: string }): LoadedState {
  const { protocol, metaData, schema } = state;
  if (protocol === undefined || metaData === undefined || schema === undefined) {
    const reason = `up to version ${state.version} there is no ${protocol === undefined ? "protocol" : "metaData"}`;
    throw new PinlakeError("TABLE_CORRUPT", { ...source, reason });
  }
  if (typeof protocol.minReaderVersion !== "number" || typeof metaData.format?.provider !== "string")
    throw new PinlakeError("TABLE_CORRUPT", { ...source, reason: "its protocol or metaData is not whole" });
  return { ...state, protocol, metaData, schema };
}
