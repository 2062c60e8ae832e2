import type { StructType } from "../../engine/schema.ts";
import { PinlakeError } from "../../errors.ts";
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
import { mappingMode, type TableSchema } from "./column-mapping.ts";
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
  /** When its file was last written: commit times are these, made to rise. */
  readonly modifiedAtMs: number;
}

/** The next version. Removes count before adds, so that a commit may replace a file's deletion vector. */
export function applyCommit(state: TableState, actions: CommitActions, at: CommitAt): TableState {
  const removed = actions.removes.map((remove) => [fileKey(remove), remove] as const);
  const added = actions.adds.map((add) => [fileKey(add), add] as const);
  return {
    version: at.version,
    timestampMs: Math.max(at.modifiedAtMs, state.timestampMs + (state.version < 0 ? 0 : 1)),
    protocol: actions.protocol ?? state.protocol,
    metaData: actions.metaData === undefined ? state.metaData : whole(actions.metaData),
    schema: actions.metaData === undefined ? state.schema : parseSchema(actions.metaData),
    files: changed(state.files, [...removed.map(([key]) => [key, undefined] as const), ...added]),
    tombstones: changed(state.tombstones, [...removed, ...added.map(([key]) => [key, undefined] as const)]),
    txns: changed(
      state.txns,
      actions.txns.map((txn) => [txn.appId, txn] as const),
    ),
    domains: changed(
      state.domains,
      actions.domains.map((domain) => [domain.domain, domain.removed ? undefined : domain] as const),
    ),
  };
}

/** Some writers leave out what is empty. */
const whole = (metaData: MetaData): MetaData =>
  metaData.configuration != null && metaData.partitionColumns != null
    ? metaData
    : { ...metaData, configuration: metaData.configuration ?? {}, partitionColumns: metaData.partitionColumns ?? [] };

const changed = <V>(map: LayeredMap<V>, changes: readonly (readonly [string, V | undefined])[]): LayeredMap<V> =>
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
