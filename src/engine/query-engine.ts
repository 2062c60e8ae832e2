import type { Column, DataType } from "./schema.ts";

/**
 * A value of a result: null, boolean, number (integers up to 32 bits and floating point), bigint (64-bit integers;
 * TIMESTAMP and TIMESTAMP_NTZ as microseconds since the epoch), string (also DECIMAL, and DATE as `YYYY-MM-DD`),
 * Uint8Array, arrays of values, structs as objects of values, and maps as Map.
 */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly SqlValue[]
  | ReadonlyMap<SqlValue, SqlValue>
  | { readonly [field: string]: SqlValue };

export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface QueryResult {
  readonly columns: readonly Column[];
  /** Values in column order. */
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface ColumnStats {
  /** As the engine prints it, in full; absent when unknown or all NULL. */
  readonly min?: string;
  readonly max?: string;
  readonly nullCount?: number;
  readonly hasNan?: boolean;
}

/** A Parquet file as writeParquet made it. */
export interface ParquetFile {
  readonly path: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly bytes: number;
  /** By column name; leaves of structs as `parent.child`. */
  readonly stats: ReadonlyMap<string, ColumnStats>;
}

export interface QueryOptions {
  readonly signal?: AbortSignal;
}

export interface StatementOptions extends QueryOptions {
  /**
   * Texts for `$1`, `$2` and so on. A query with parameters reads nothing else (QUERY_FAILED where it names a table or
   * view), so the engine may plan it once a session and run it with other texts in a fraction of the time.
   */
  readonly parameters?: readonly string[];
}

export interface WriteParquetOptions extends StatementOptions {
  /** What the file calls a column, or a field in it, and its field id. Default: its name, and none. */
  readonly storeAs?: (field: Column) => StoredField;
}

export interface StoredField {
  readonly name: string;
  readonly id: number | undefined;
}

export interface DefineRowsOptions {
  /** The table is there with these columns already, and gets these rows as well. */
  readonly append?: boolean;
}

export interface SessionOptions {
  /** For example `1GB`, and no more than the engine was given; it spills to `tempFolder` beyond it. */
  readonly memory?: string;
  readonly threads?: number;
  readonly tempFolder?: string;
  /** Only these folders can be read and nothing written; settings are locked. For SQL that users type. */
  readonly readOnlyFolders?: readonly string[];
}

/**
 * One isolated place to run SQL: its tables, views, settings and memory are its own. Statements run one after another.
 * The portable functions of the prelude (docs/reference/sql.md) are there from the start; the time zone is UTC.
 */
export interface QuerySession extends AsyncDisposable {
  /** How many `lanes` there are. */
  readonly parallelism: number;
  /**
   * Sessions that share this one's tables, views and memory: their statements run beside each other. Until they are
   * closed, here as there one statement keeps one thread busy; open them once at a time, and close them before this one.
   */
  lanes(): Promise<Lanes>;
  /** Runs one or more statements for their effect. Throws QUERY_FAILED, OUT_OF_MEMORY. */
  execute(sql: string, options?: QueryOptions): Promise<void>;
  query(sql: string, options?: StatementOptions): Promise<QueryResult>;
  /** Rows as objects, for small results. */
  rows(sql: string, options?: QueryOptions): Promise<SqlRow[]>;
  /** A large result piece by piece, without holding it whole. */
  batches(sql: string, options?: QueryOptions): AsyncIterable<QueryResult>;
  /** The same for a query of 32-bit integers without NULLs, a column at a time: no object for each row or value. */
  integers(sql: string, options?: QueryOptions): AsyncIterable<readonly (readonly number[])[]>;
  /** Name and type of the columns that a query gives, without running it. */
  describe(sql: string): Promise<readonly Column[]>;

  /** Makes a table of rows in memory (replacing an older one of that name). Values in column order. */
  defineRows(
    name: string,
    columns: readonly Column[],
    rows: readonly (readonly SqlValue[])[],
    options?: DefineRowsOptions,
  ): Promise<void>;
  /**
   * Makes a view over Parquet files, columns by name, missing ones (and fields of structs) NULL, cast to these types. No
   * files: no rows. Throws QUERY_FAILED, too, where a cast would round or cut.
   */
  defineParquet(
    name: string,
    columns: readonly Column[],
    files: readonly ParquetInput[],
    options?: ParquetViewOptions,
  ): Promise<void>;
  /** Writes what a query gives, its columns cast to `columns` by position. Whoever keeps the file syncs it. */
  writeParquet(
    sql: string,
    columns: readonly Column[],
    path: string,
    options?: WriteParquetOptions,
  ): Promise<ParquetFile>;
  /**
   * SQL for a relation of text columns with these names, its rows in the parameter `$1` as JSON: an array of rows, each
   * an array of texts and nulls in column order.
   */
  textRows(names: readonly string[]): string;
  /** A name quoted for this engine. */
  quote(name: string): string;
  /** A text literal for this engine. */
  literal(text: string): string;
  /** SQL that has no value: where it is evaluated the query fails (QUERY_FAILED), its reason the text that `message` (SQL) gives. */
  failing(message: string): string;
  /** How this engine writes a type in a CAST. */
  typeName(type: DataType): string;
}

export interface Lanes extends AsyncDisposable {
  readonly sessions: readonly QuerySession[];
}

/** What files call a field: its name, or its field id. */
export type StoredAs = string | number;

export interface ParquetViewOptions {
  /** A further column (integer) of that name: which of the files a row lies in, counted from 0. */
  readonly fileNumber?: string;
  /** Another (integer): the row's number in its file, counted from 0. */
  readonly rowNumber?: string;
  /** What the files call a column, or a field of a struct in it. Default: its name. */
  readonly storedAs?: (field: Column) => StoredAs;
}

/** A Parquet file to read. */
export interface ParquetInput {
  readonly path: string;
  /** Its columns, if the caller knows them: then it need not be looked into. */
  readonly columns?: readonly Column[];
  /** Columns whose value is the same in every row, whatever the file says. */
  readonly partitionValues?: Readonly<Record<string, string | null>>;
  /** Numbers of rows to leave out, counted from 0 (deletion vectors). */
  readonly withoutRows?: readonly number[];
  /** Numbers of the rows to read, counted from 0. Default: all. */
  readonly onlyRows?: readonly number[];
}

/**
 * Runs SQL over files and rows.
 *
 * Promise every driver keeps (test/conformance/query-engine.ts): the same golden results for the portable subset.
 */
export interface QueryEngine extends AsyncDisposable {
  readonly name: string;
  session(options?: SessionOptions): Promise<QuerySession>;
}
