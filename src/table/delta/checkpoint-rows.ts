import type { QuerySession } from "../../engine/query-engine.ts";
import type { Column, DataType } from "../../engine/schema.ts";
import {
  type AddFile,
  type CommitActions,
  type DomainMetadata,
  exactVersions,
  type MetaData,
  type Protocol,
  type RemoveFile,
  type SetTransaction,
  type Sidecar,
} from "./actions.ts";
import { CHECKPOINT_COLUMNS, READ_COLUMNS } from "./checkpoint-columns.ts";
import type { LoadedState } from "./state.ts";

// Actions go to the engine and come back as JSON text, one column per kind: it makes structs of text many times
// faster than they can be handed over field by field.

export const JSON_COLUMNS: readonly Column[] = CHECKPOINT_COLUMNS.map(({ name }) => ({ name, type: "string" }));

type Row = readonly (string | null)[];

/** Every action of a state, each in the column of its kind, in pieces: all of a large table's at once are too much to hold. */
export function* checkpointRows(state: LoadedState): Generator<Row[]> {
  let rows: Row[] = [];
  for (const [kind, action] of actionsIn(state)) {
    rows.push(CHECKPOINT_COLUMNS.map(({ name, type }) => (name === kind ? JSON.stringify(whole(action, type)) : null)));
    if (rows.length < PIECE) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

const PIECE = 20_000;

function* actionsIn(state: LoadedState): Generator<readonly [string, object]> {
  yield ["protocol", state.protocol];
  yield ["metaData", state.metaData];
  for (const txn of state.txns.values()) yield ["txn", txn];
  for (const domain of state.domains.values()) yield ["domainMetadata", domain];
  for (const remove of state.tombstones.values()) yield ["remove", { ...remove, dataChange: false }];
  for (const add of state.files.values()) yield ["add", { ...add, dataChange: false }];
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** With every field of its type, in order: the engine's cast wants them all. */
function whole(value: unknown, type: DataType): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return rawJSON(value.toString());
  if (typeof type === "string" || type.type !== "struct") return value;
  const given = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(type.fields.map((field) => [field.name, whole(given[field.name], field.type)]));
}

export function writeSql(session: QuerySession, table: string): string {
  const columns = CHECKPOINT_COLUMNS.map(
    ({ name, type }) => `CAST(CAST(${session.quote(name)} AS JSON) AS ${session.typeName(type)})`,
  );
  return `SELECT ${columns.join(", ")} FROM ${session.quote(table)}`;
}

export function readSql(session: QuerySession, view: string): string {
  const columns = READ_COLUMNS.map(({ name }) => `CAST(to_json(${session.quote(name)}) AS VARCHAR)`);
  return `SELECT ${columns.join(", ")} FROM ${session.quote(view)}`;
}

/** One row: how many of each kind, by fields that are never null, and the schema. */
export function validationSql(session: QuerySession, view: string): string {
  const field = (column: string, name: string) => `${session.quote(column)}.${session.quote(name)}`;
  const counted = [
    field("protocol", "minReaderVersion"),
    field("metaData", "id"),
    field("add", "path"),
    field("add", "size"),
    field("remove", "path"),
    field("txn", "version"),
    field("domainMetadata", "domain"),
  ];
  const counts = counted.map((each) => `count(${each})`).join(", ");
  return `SELECT ${counts}, max(${field("metaData", "schemaString")}) FROM ${session.quote(view)}`;
}

/** The actions in rows that readSql gave. */
export function actionsOf(rows: readonly Row[]): CommitActions {
  const kinds = new Map<string, unknown[]>(READ_COLUMNS.map(({ name }) => [name, []]));
  for (const row of rows)
    for (const [i, { name }] of READ_COLUMNS.entries()) {
      const text = row[i];
      if (text != null) kinds.get(name)?.push(name === "txn" ? exactVersions(text) : JSON.parse(text));
    }
  const kind = <T>(name: string) => kinds.get(name) as T[];
  const [protocol] = kind<Protocol>("protocol");
  const [metaData] = kind<MetaData>("metaData");
  const sidecars = kind<Sidecar>("sidecar");
  return {
    ...(protocol === undefined ? {} : { protocol: withoutNulls(protocol) }),
    ...(metaData === undefined ? {} : { metaData: withoutNulls(metaData) }),
    adds: kind<AddFile>("add"),
    removes: kind<RemoveFile>("remove"),
    txns: kind<SetTransaction>("txn"),
    domains: kind<DomainMetadata>("domainMetadata"),
    ...(sidecars.length === 0 ? {} : { sidecars }),
  };
}

const withoutNulls = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null)) as T;
