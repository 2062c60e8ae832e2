import type { QuerySession, SqlValue } from "../engine/query-engine.ts";
import { PinlakeError } from "../errors.ts";
import type { JoinedFiles, Snapshot, Table } from "../table/table.ts";
import { type KeyIndex, keyIndex, type StoredRows } from "./key-index.ts";
import type { CleanKey } from "./micro-batch.ts";

/** The index of every key in this version of a clean table. Throws TABLE_CORRUPT where a key has more than one row. */
export async function loadKeyIndex(
  { location }: Pick<Table, "location">,
  snapshot: Snapshot,
  { key, session, mend }: LoadOptions,
): Promise<KeyIndex> {
  const column = snapshot.columns.find(({ name }) => name === key);
  const index = keyIndex(column?.type ?? "string");
  for (const { path } of snapshot.files) {
    await snapshot.define(session, STORED, { files: [path], rowNumber: ROW });
    if (index.setMany !== undefined) await loadIntegers(index.setMany, path, { key, session });
    else
      for await (const { rows } of session.batches(keysQuery(session, key, STORED)))
        for (const values of rows) {
          const { key: value, position } = cleanKey(values);
          index.set(value, { position, file: path, row: values[4] as number });
        }
  }
  const rows = await snapshot.countRows();
  // What replaces rows goes by this index: whoever counts on one row per key shall not go on from another.
  if (rows !== index.size) {
    const reason = `version ${snapshot.version} has ${rows} rows of ${index.size} keys; ${mend} makes it anew`;
    throw new PinlakeError("TABLE_CORRUPT", { table: location, file: "one row per key", reason });
  }
  return index;
}

export interface LoadOptions {
  readonly key: string;
  readonly session: QuerySession;
  /** What to do about a table that is not as it should be. */
  readonly mend: string;
}

/** Source by source, in numbers alone: ten million rows as objects and big integers take many times as long. */
async function loadIntegers(
  setMany: (rows: StoredRows) => void,
  file: string,
  { key, session }: { readonly key: string; readonly session: QuerySession },
): Promise<void> {
  const q = session.quote;
  const sources = await session.query(`SELECT DISTINCT ${q("_topic")}, ${q("_partition")} FROM ${q(STORED)}`);
  const columns = [...halves(q(key)), ...halves(q("_offset")), q(ROW)].join(", ");
  for (const [topic, partition] of sources.rows as [string, number][]) {
    const where = `${q("_topic")} = ${session.literal(topic)} AND ${q("_partition")} = ${partition}`;
    const only = sources.rows.length === 1 ? "" : ` WHERE ${where}`;
    const batches = session.integers(`SELECT ${columns} FROM ${q(STORED)}${only}`);
    for await (const [keyHigh = [], keyLow = [], offsetHigh = [], offsetLow = [], row = []] of batches)
      setMany({ source: { topic, partition }, file, keyHigh, keyLow, offsetHigh, offsetLow, row });
  }
}

const halves = (column: string): string[] => [
  `CAST((CAST(${column} AS BIGINT) >> 32) AS INTEGER)`,
  `CAST((CAST(${column} AS BIGINT) & 4294967295) - 2147483648 AS INTEGER)`,
];

/** The keys of a file that was made of others, by the numbers that the index has for them, each at the number of its row. */
export async function keysInOrder(
  joined: JoinedFiles,
  path: string,
  { key, session, index }: { readonly key: string; readonly session: QuerySession; readonly index: KeyIndex },
): Promise<number[]> {
  await joined.define(session, STORED, { files: [path], rowNumber: ROW });
  const keys: number[] = [];
  const columns = [key, ROW].map(session.quote).join(", ");
  for await (const { rows } of session.batches(`SELECT ${columns} FROM ${session.quote(STORED)}`))
    for (const [value = null, row] of rows) keys[row as number] = index.numberOf(comparableKey(value));
  return keys;
}

const STORED = "stored_rows";
const ROW = "_row_number";

const keysQuery = (session: QuerySession, key: string, table: string) =>
  `SELECT ${[key, "_topic", "_partition", "_offset", ROW].map(session.quote).join(", ")} FROM ${session.quote(table)}`;

function cleanKey([key = null, topic, partition, offset]: readonly SqlValue[]): CleanKey {
  const position = { topic: topic as string, partition: partition as number, offset: offset as bigint };
  return { key: comparableKey(key), position };
}

/** Bytes are compared by what they hold, as every other key is. */
export const comparableKey = (key: SqlValue): SqlValue =>
  key instanceof Uint8Array ? Buffer.from(key).toString("hex") : key;
