import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from "@duckdb/node-api";

const MOST = 32;

/** What makes a plan wrong for other rows than those that were there when it was made: it relies on their least and greatest values. */
const WITHOUT_STATISTICS = "SET disabled_optimizers = 'statistics_propagation,compressed_materialization'";

const CHANGES_CATALOG = /\bCREATE\s+(?!(?:OR\s+REPLACE\s+)?TEMP)/i;

/**
 * Plans of statements that are run again and again. A change of the catalog, temporary tables aside, makes them old:
 * DuckDB then plans such a statement for each of its runs, which is right but slow, until it is prepared anew.
 */
export function keepPlans(connection: DuckDBConnection) {
  const plans = new Map<string, DuckDBPreparedStatement>();
  let withoutStatistics: Promise<unknown> | undefined;

  const forget = (sql: string) => {
    plans.get(sql)?.destroySync();
    plans.delete(sql);
  };

  return {
    async run(sql: string): Promise<DuckDBResult> {
      let plan = plans.get(sql);
      if (plan === undefined) {
        const [oldest] = plans.keys();
        if (oldest !== undefined && plans.size >= MOST) forget(oldest);
        withoutStatistics ??= connection.run(WITHOUT_STATISTICS);
        await withoutStatistics;
        plan = await connection.prepare(sql);
        plans.set(sql, plan);
      }
      try {
        return await plan.run();
      } catch (error) {
        forget(sql);
        throw error;
      }
    },

    /** Looks at a statement that is run otherwise. */
    notice(sql: string): void {
      if (CHANGES_CATALOG.test(sql)) this.clear();
    },

    clear(): void {
      for (const sql of [...plans.keys()]) forget(sql);
    },
  };
}
