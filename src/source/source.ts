import type { SourceRow, SourceTable } from "../define/source.ts";

/**
 * A database of tables whose rows the emulator posts.
 *
 * Promises every driver keeps (test/conformance/source.ts): the same rows in the same column order from every driver;
 * integers stay integers, dates keep their text (`YYYY-MM-DD HH:MM:SS`), NULL stays null.
 */
export interface Source extends AsyncDisposable {
  tables(): Promise<readonly SourceTable[]>;
  /** The row with this key, or undefined. An index lookup, never an offset scan. */
  rowByKey(table: string, key: number | string): Promise<SourceRow | undefined>;
  /** All rows by rising key. */
  rows(table: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<SourceRow>;
  count(table: string): Promise<number>;
}
