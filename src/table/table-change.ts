import type { QuerySession } from "../engine/query-engine.ts";
import type { Column } from "../engine/schema.ts";

/** What may change about a table without touching a row. */
export type TableChange =
  /** Stored rows have NULL there. Throws SCHEMA_MISMATCH for a column that is there already. */
  | { readonly addColumns: readonly AddedColumn[] }
  | { readonly setProperties: Readonly<Record<string, string>> }
  /** Those that are not set may be among them. */
  | { readonly unsetProperties: readonly string[] }
  /** From now on a write with a row for which it is not true fails. Throws CONSTRAINT_VIOLATED where a stored row is such. */
  | { readonly addConstraint: NewConstraint }
  | { readonly dropConstraint: string };

export interface NewConstraint {
  readonly name: string;
  /** Spark's SQL over a row's columns, as far as it means the same here (TABLE_UNSUPPORTED). */
  readonly check: string;
  /** Reads the stored rows. */
  readonly session: QuerySession;
}

export interface AddedColumn extends Column {
  readonly description?: string;
  /**
   * The struct to which it is added as a field: names from the table's column down, `element` for what a list holds, `key`
   * and `value` for what a map does. Default: the table.
   */
  readonly in?: readonly string[];
}
