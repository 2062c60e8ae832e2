import type { QuerySession, SqlValue } from "../../src/engine/query-engine.ts";
import { structType } from "../../src/engine/schema.ts";
import type { Rows, Snapshot } from "../../src/table/table.ts";

export const EVENTS = structType([
  { name: "id", type: "string" },
  { name: "seq", type: "long" },
  { name: "note", type: "string" },
]);

export interface Event {
  readonly id: string | null;
  readonly seq: number;
  readonly note?: string;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** These events as rows on their way into a table. */
export function events(session: QuerySession, list: readonly Event[]): Rows {
  const values = list.map(
    ({ id, seq, note = "" }) => `(${id === null ? "NULL" : quoted(id)}, CAST(${seq} AS BIGINT), ${quoted(note)})`,
  );
  const body = values.length === 0 ? "(NULL, CAST(0 AS BIGINT), '')" : values.join(", ");
  const sql = `SELECT id, seq, note FROM (VALUES ${body}) AS v(id, seq, note)${values.length === 0 ? " WHERE false" : ""}`;
  return { session, sql };
}

/** What a version holds, ordered: `id@seq` or `id@seq:note`. */
export async function contents(session: QuerySession, snapshot: Snapshot): Promise<string[]> {
  const rows = await allRows(session, snapshot, "ORDER BY id NULLS LAST, seq, note");
  return rows.map(([id, seq, note]) => `${id}@${seq}${note === "" ? "" : `:${note}`}`);
}

let views = 0;

export async function allRows(
  session: QuerySession,
  snapshot: Snapshot,
  suffix = "",
): Promise<readonly (readonly SqlValue[])[]> {
  const view = `contents_${views++}`;
  await snapshot.define(session, view);
  const { rows } = await session.query(`SELECT * FROM ${view} ${suffix}`);
  await session.execute(`DROP VIEW ${view}`);
  return rows;
}
