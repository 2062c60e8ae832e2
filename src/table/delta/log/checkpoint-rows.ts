import type { QuerySession } from "../../../engine/query-engine.ts";
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
  slim,
} from "./actions.ts";
import { CHECKPOINT_COLUMNS, READ_COLUMNS } from "./checkpoint-columns.ts";
import type { LoadedState } from "./state.ts";

// Actions go to the engine and come back as JSON text: it makes structs of text many times faster than they can be handed
// over field by field.

/** Every action of a state as a line `{kind: action}`, in pieces: all of a large table's at once are too much to hold. */
export function* checkpointLines(state: LoadedState): Generator<{ readonly text: string; readonly longest: number }> {
  let [text, longest] = ["", 0];
  for (const [kind, action] of actionsIn(state)) {
    const line = `{"${kind}":${JSON.stringify(action)}}\n`;
    text += line;
    longest = Math.max(longest, line.length);
    if (text.length < PIECE) continue;
    yield { text, longest };
    [text, longest] = ["", 0];
  }
  yield { text, longest };
}

type Row = readonly (string | null)[];

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
const PIECE = 256 * 1024;

function* actionsIn(state: LoadedState): Generator<readonly [string, object]> {
  yield ["protocol", state.protocol];
  yield ["metaData", state.metaData];
  for (const txn of state.txns.values()) yield ["txn", { ...txn, version: rawJSON(txn.version.toString()) }];
  for (const domain of state.domains.values()) yield ["domainMetadata", domain];
  for (const remove of state.tombstones.values()) yield ["remove", { ...remove, dataChange: false }];
  for (const add of state.files.values()) yield ["add", { ...add, dataChange: false }];
}

/** The rows of a checkpoint, of the lines in this file; none of them has more characters than that. */
export function writeSql(session: QuerySession, lines: string, longest: number): string {
  const columns = CHECKPOINT_COLUMNS.map(
    ({ name, type }) => `${session.literal(name)}: ${session.literal(session.typeName(type))}`,
  );
  // Of UTF-8 a character takes three bytes at most, or a pair of them four.
  const bytes = Math.max(LEAST_BUFFER, 3 * longest);
  return `SELECT * FROM read_json(${session.literal(lines)}, format = 'newline_delimited', columns = {${columns.join(", ")}}, maximum_object_size = ${bytes})`;
}

const LEAST_BUFFER = 1024 * 1024;

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
export async function actionsOf(batches: AsyncIterable<readonly Row[]>): Promise<CommitActions> {
  const kinds = new Map<string, unknown[]>(READ_COLUMNS.map(({ name }) => [name, []]));
  for await (const rows of batches)
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
    adds: kind<AddFile>("add").map(slim),
    removes: kind<RemoveFile>("remove"),
    txns: kind<SetTransaction>("txn"),
    domains: kind<DomainMetadata>("domainMetadata"),
    ...(sidecars.length === 0 ? {} : { sidecars }),
  };
}

const withoutNulls = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null)) as T;
