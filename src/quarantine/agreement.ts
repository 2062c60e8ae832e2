import type { Dataset } from "../define/dataset.ts";
import type { QuerySession } from "../engine/query-engine.ts";
import type { Table } from "../table/table.ts";
import { cleanTablePrefix } from "./clean-table.ts";
import type { Arm } from "./progress.ts";

/** The two arms' tables of one dataset side by side. */
export interface Agreement {
  readonly dataset: string;
  readonly batchRows: number;
  readonly streamRows: number;
  /** Rows of either that the other does not have, in the dataset's own columns. */
  readonly differences: number;
}

export interface CompareArmsOptions {
  readonly openTable: (prefix: string) => Table;
  readonly session: QuerySession;
  readonly datasets: readonly Dataset[];
  readonly signal?: AbortSignal;
}

/** Compares the arms row for row, both ways, in the dataset's own columns. A table that is not there yet has no rows. */
export async function compareArms(options: CompareArmsOptions): Promise<Agreement[]> {
  const { openTable, session, datasets, signal } = options;
  const all: Agreement[] = [];
  for (const dataset of datasets) {
    const rowsOf = async (arm: Arm): Promise<{ readonly sql: string; readonly rows: number }> => {
      const columns = dataset.columns.map(({ name }) => session.quote(name)).join(", ");
      const snapshot = await openTable(cleanTablePrefix(arm, dataset.name)).find();
      const view = `${arm}_${dataset.name}_to_compare`;
      if (snapshot !== undefined) await snapshot.define(session, view, signal && { signal });
      // Without a table on this arm: the other arm's columns and none of its rows.
      const other = `${arm === "batch" ? "stream" : "batch"}_${dataset.name}_to_compare`;
      const from = snapshot === undefined ? `${session.quote(other)} WHERE false` : session.quote(view);
      return { sql: `SELECT ${columns} FROM ${from}`, rows: (await snapshot?.countRows()) ?? 0 };
    };
    const [batch, stream] = [await rowsOf("batch"), await rowsOf("stream")];
    const differences =
      batch.rows === 0 && stream.rows === 0 ? 0 : await countDifferences(session, batch.sql, stream.sql, signal);
    all.push({ dataset: dataset.name, batchRows: batch.rows, streamRows: stream.rows, differences });
  }
  return all;
}

async function countDifferences(session: QuerySession, a: string, b: string, signal?: AbortSignal): Promise<number> {
  const { rows } = await session.query(
    `SELECT count(*) FROM ((${a} EXCEPT ALL ${b}) UNION ALL (${b} EXCEPT ALL ${a})) differences`,
    signal && { signal },
  );
  return Number(rows[0]?.[0] ?? 0);
}

/** A sentence per dataset in which the arms differ; none when they agree. */
export function agreementProblems(all: readonly Agreement[]): string[] {
  return all
    .filter(({ differences }) => differences > 0)
    .map(
      ({ dataset, batchRows, streamRows, differences }) =>
        `${dataset}: ${batchRows} rows by batch, ${streamRows} by stream, ${differences} of them only in one of the two`,
    );
}
