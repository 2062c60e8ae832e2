import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from "@duckdb/node-api";
import { PinlakeError } from "../../errors.ts";

/**
 * Statements over parameters alone, planned when they are first run.
 *
 * Plans are kept for these only: DuckDB plans by what it knows of the rows that a table has (no NULLs here, none above
 * 10 there) and does not plan again when these are others. Of parameters it knows nothing but their type.
 */
export interface KeptStatements extends Disposable {
  /** `reads` is the query within the statement. Throws QUERY_FAILED when it names a table or view. */
  run(statement: string, reads: string, parameters: readonly string[]): Promise<DuckDBResult>;
}

const MOST = 32;

export function keptStatements(connection: DuckDBConnection): KeptStatements {
  const kept = new Map<string, DuckDBPreparedStatement>();

  async function statementFor(sql: string, reads: string): Promise<DuckDBPreparedStatement> {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const [table] = connection.getTableNames(reads, true);
    if (table !== undefined)
      throw new PinlakeError("QUERY_FAILED", {
        sql: reads,
        reason: `A query with parameters reads nothing else, and this one names ${table}.`,
      });
    const prepared = await connection.prepare(sql);
    kept.set(sql, prepared);
    const [oldest] = kept.keys();
    if (kept.size > MOST && oldest !== undefined) {
      kept.get(oldest)?.destroySync();
      kept.delete(oldest);
    }
    return prepared;
  }

  return {
    async run(sql, reads, parameters) {
      const prepared = await statementFor(sql, reads);
      for (const [i, text] of parameters.entries()) prepared.bindVarchar(i + 1, text);
      return prepared.run();
    },
    [Symbol.dispose]() {
      for (const prepared of kept.values()) prepared.destroySync();
      kept.clear();
    },
  };
}
