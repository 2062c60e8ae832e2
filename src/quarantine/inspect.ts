import { QUARANTINE_COLUMNS } from "../engine/quarantine-columns.ts";
import type { QueryResult, QuerySession } from "../engine/query-engine.ts";
import type { Table } from "../table/table.ts";
import type { Arm } from "./progress.ts";
import { quarantinePrefix } from "./quarantine.ts";

/** Which quarantined records; what is left out is not asked for. */
export interface QuarantineFilter {
  readonly arm?: Arm;
  readonly dataset?: string;
  readonly reason?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly limit?: number;
}

export interface InspectOptions {
  readonly openTable: (prefix: string) => Table;
  readonly session: QuerySession;
}

/** Makes both arms' quarantines readable as one view: column `arm`, then the quarantine's own. */
export async function defineQuarantine({ openTable, session }: InspectOptions, name: string): Promise<void> {
  const q = (text: string) => session.quote(text);
  const columns = QUARANTINE_COLUMNS.map((column) => q(column.name)).join(", ");
  const arms: string[] = [];
  for (const arm of ["batch", "stream"] as const) {
    const view = `${name}_of_${arm}`;
    const snapshot = await openTable(quarantinePrefix(arm)).find();
    if (snapshot === undefined) await session.defineRows(view, QUARANTINE_COLUMNS, []);
    else await snapshot.define(session, view);
    arms.push(`SELECT ${session.literal(arm)} AS arm, ${columns} FROM ${q(view)}`);
  }
  await session.execute(`CREATE OR REPLACE VIEW ${q(name)} AS ${arms.join(" UNION ALL ")}`);
}

/** Quarantined records by arm, dataset, topic, partition and offset. */
export async function listQuarantined(options: InspectOptions, filter: QuarantineFilter = {}): Promise<QueryResult> {
  const { session } = options;
  const q = (text: string) => session.quote(text);
  await defineQuarantine(options, "quarantined_records");
  const texts = (["arm", "dataset", "reason", "topic"] as const).flatMap((name) =>
    filter[name] === undefined ? [] : [`${q(name)} = ${session.literal(filter[name])}`],
  );
  const numbers = (["partition", "offset"] as const).flatMap((name) =>
    filter[name] === undefined ? [] : [`${q(name)} = ${filter[name]}`],
  );
  const conditions = [...texts, ...numbers];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const order = ["arm", "dataset", "topic", "partition", "offset"].map(q).join(", ");
  const limit = filter.limit === undefined ? "" : ` LIMIT ${Math.trunc(filter.limit)}`;
  return session.query(`SELECT * FROM ${q("quarantined_records")}${where} ORDER BY ${order}${limit}`);
}

/** How many records wait in the quarantines, by arm, dataset and reason. */
export async function summariseQuarantine(options: InspectOptions): Promise<QueryResult> {
  const { session } = options;
  await defineQuarantine(options, "quarantined_records");
  const by = ["arm", "dataset", "reason"].map((name) => session.quote(name)).join(", ");
  return session.query(
    `SELECT ${by}, count(*) AS records FROM ${session.quote("quarantined_records")} GROUP BY ${by} ORDER BY ${by}`,
  );
}
