import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBInstance,
  type DuckDBResult,
  StatementType,
} from "@duckdb/node-api";
import { sqlTokens } from "../../define/portable-sql.ts";
import { PinlakeError } from "../../errors.ts";
import type {
  QueryOptions,
  QueryResult,
  QuerySession,
  SqlRow,
  SqlValue,
  StatementOptions,
  WriteParquetOptions,
} from "../query-engine.ts";
import type { Column } from "../schema.ts";
import { toPinlakeError } from "./errors.ts";
import { keptStatements } from "./kept-statements.ts";
import { copyStatement, parquetFile } from "./parquet.ts";
import { parquetViewSql } from "./parquet-view.ts";
import { storedAs } from "./renamed-columns.ts";
import { dataTypeOf, duckTypeName, quoteName, quoteText, textRows } from "./types.ts";
import { fromDuckAs, isPlain, toDuck } from "./values.ts";

export interface SessionParts {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly memory: string;
  readonly readOnly: boolean;
  readonly parallelism: number;
  /** Of Parquet files that it writes. */
  readonly rowGroupRows: number;
  /** All of the machine's, when not given. */
  readonly threads: number | undefined;
  /** Lets go of what the session does not share. */
  readonly onClose: () => void;
}

interface RunContext {
  readonly sql: string;
  readonly signal?: AbortSignal | undefined;
  readonly path?: string;
}

const CHUNK_ROWS = 2048;

export function openSession(parts: SessionParts): QuerySession {
  const { instance, connection, memory, readOnly, parallelism, rowGroupRows, threads, onClose } = parts;
  const kept = keptStatements(connection);
  const id = randomUUID();
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** Runs `work` on a connection; an abort interrupts it and is what gets thrown. */
  async function interruptible<T>(on: DuckDBConnection, context: RunContext, work: () => Promise<T>): Promise<T> {
    if (closed) throw new PinlakeError("CLOSED", { what: "The query session" });
    context.signal?.throwIfAborted();
    const interrupt = () => on.interrupt();
    context.signal?.addEventListener("abort", interrupt, { once: true });
    try {
      return await work();
    } catch (error) {
      throw toPinlakeError(error, { ...context, memory });
    } finally {
      context.signal?.removeEventListener("abort", interrupt);
    }
  }

  /** One statement after another. */
  function run<T>(context: RunContext, work: () => Promise<T>): Promise<T> {
    const mine = last.then(() => interruptible(connection, context, work));
    last = mine.catch(() => undefined);
    return mine;
  }

  async function onlySelect(on: DuckDBConnection, sql: string): Promise<void> {
    if (!readOnly) return;
    let isSelect = false;
    if (sqlTokens(sql).some(({ text }) => text !== ";")) {
      const statements = await on.extractStatements(sql);
      const prepared = await statements.prepare(0);
      isSelect = statements.count === 1 && prepared.statementType === StatementType.SELECT;
      prepared.destroySync();
    }
    if (!isSelect)
      throw new PinlakeError("QUERY_FAILED", { sql, reason: "Only one SELECT statement is allowed here." });
  }

  async function select(sql: string, { signal, parameters }: StatementOptions): Promise<QueryResult> {
    return run({ sql, signal }, async () => {
      await onlySelect(connection, sql);
      const result = await (parameters === undefined ? connection.run(sql) : kept.run(sql, sql, parameters));
      return { columns: columnsOf(result), rows: await rowsOf(result) };
    });
  }

  /** A result piece by piece, on a connection of its own; what comes last is undefined. */
  async function* chunksOf(sql: string, { signal }: QueryOptions): AsyncGenerator<ResultChunk> {
    await last;
    const own = await instance.connect();
    const context = { sql, signal };
    try {
      await interruptible(own, context, () => onlySelect(own, sql));
      const result = await interruptible(own, context, () => own.stream(sql));
      for (;;) {
        const chunk = await interruptible(own, context, () => result.fetchChunk());
        const isLast = chunk === null || chunk.rowCount === 0;
        yield { result, chunk: isLast ? undefined : chunk };
        if (isLast) return;
      }
    } finally {
      own.closeSync();
    }
  }

  /** The path is part of the plan, so each folder has one place where kept statements write. */
  async function writeKept(
    sql: string,
    columns: readonly Column[],
    path: string,
    { parameters, storeAs }: WriteParquetOptions & { readonly parameters: readonly string[] },
  ) {
    const made = join(dirname(path), `${id}.parquet`);
    try {
      const copy = copyStatement(sql, columns, quoteText(made), { rowGroupRows, storeAs });
      const result = await kept.run(copy, sql, parameters);
      await rename(made, path);
      return result;
    } catch (error) {
      await rm(made, { force: true });
      throw error;
    }
  }

  const session: QuerySession = {
    parallelism,

    async lanes() {
      // A statement whose rows are numbered uses one thread anyhow; more of them cost much, as they look for work.
      await session.execute("SET threads = 1");
      const sessions: QuerySession[] = [];
      for (let i = 0; i < parallelism; i++)
        sessions.push(openSession({ ...parts, connection: await instance.connect(), onClose: () => {} }));
      return {
        sessions,
        async [Symbol.asyncDispose]() {
          for (const lane of sessions) await lane[Symbol.asyncDispose]();
          await session.execute(threads === undefined ? "RESET threads" : `SET threads = ${threads}`);
        },
      };
    },

    async execute(sql, { signal } = {}) {
      await run({ sql, signal }, () => connection.run(sql));
    },

    query: (sql, options = {}) => select(sql, options),

    async rows(sql, options = {}): Promise<SqlRow[]> {
      const { columns, rows } = await select(sql, options);
      return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null])));
    },

    /** Runs beside other statements on a connection of its own, so that its reader may use the session meanwhile. */
    async *batches(sql, options = {}) {
      let empty = true;
      for await (const { result, chunk } of chunksOf(sql, options)) {
        const rows: SqlValue[][] = [];
        if (chunk !== undefined) pushRows(rows, result, chunk);
        else if (!empty) return;
        empty = false;
        yield { columns: columnsOf(result), rows };
      }
    },

    async *integers(sql, options = {}) {
      for await (const { result, chunk } of chunksOf(sql, options)) {
        if (chunk === undefined) return;
        yield result.columnTypes().map((_, i) => chunk.getColumnValues(i) as number[]);
      }
    },

    describe: (sql) =>
      run({ sql }, async () => {
        const prepared = await connection.prepare(sql);
        try {
          return Array.from({ length: prepared.columnCount }, (_, i) => ({
            name: prepared.columnName(i),
            type: dataTypeOf(prepared.columnType(i)),
          }));
        } finally {
          prepared.destroySync();
        }
      }),

    async defineRows(name, columns, rows, { append = false } = {}) {
      const create = `CREATE OR REPLACE TABLE ${quoteName(name)} (${columns.map((c) => `${quoteName(c.name)} ${duckTypeName(c.type)}`).join(", ")})`;
      await run({ sql: create }, async () => {
        if (!append) await connection.run(create);
        if (rows.length > 0) await appendRows(connection, name, columns, rows);
      });
    },

    async defineParquet(name, columns, files, options = {}) {
      const sql = await parquetViewSql(session, columns, files, options);
      await session.execute(`CREATE OR REPLACE VIEW ${quoteName(name)} AS ${sql}`);
    },

    async writeParquet(sql, columns, path, { signal, parameters, storeAs } = {}) {
      if (readOnly) throw new PinlakeError("QUERY_FAILED", { sql, reason: "This session only reads." });
      try {
        return await run({ sql, signal, path }, async () => {
          const result = await (parameters === undefined
            ? connection.run(copyStatement(sql, columns, quoteText(path), { rowGroupRows, storeAs }))
            : writeKept(sql, columns, path, { parameters, ...(storeAs && { storeAs }) }));
          const [row = []] = await rowsOf(result);
          return parquetFile(
            path,
            storeAs === undefined ? columns : columns.map((column) => storedAs(column, storeAs)),
            Object.fromEntries(result.columnNames().map((name, i) => [name, row[i] ?? null])),
          );
        });
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },

    textRows,
    quote: quoteName,
    literal: quoteText,
    failing: (message) => `error(${message})`,
    typeName: duckTypeName,

    async [Symbol.asyncDispose]() {
      if (closed) return;
      connection.interrupt();
      await last;
      closed = true;
      kept[Symbol.dispose]();
      connection.closeSync();
      onClose();
    },
  };
  return session;
}

function columnsOf(result: DuckDBResult): Column[] {
  return result.columnTypes().map((type, i) => ({ name: result.columnName(i), type: dataTypeOf(type) }));
}

async function rowsOf(result: DuckDBResult): Promise<SqlValue[][]> {
  const rows: SqlValue[][] = [];
  for (const chunk of await result.fetchAllChunks()) pushRows(rows, result, chunk);
  return rows;
}

interface ResultChunk {
  readonly result: DuckDBResult;
  readonly chunk: DuckDBDataChunk | undefined;
}

function pushRows(into: SqlValue[][], result: DuckDBResult, chunk: DuckDBDataChunk): void {
  const columns = result.columnTypes().map((type, i): readonly SqlValue[] => {
    const values = chunk.getColumnValues(i);
    return isPlain(type) ? (values as SqlValue[]) : values.map((value) => fromDuckAs(value, type));
  });
  for (let row = 0; row < chunk.rowCount; row++) into.push(columns.map((values) => values[row] ?? null));
}

/** Column by column in chunks: several times faster than value by value. */
async function appendRows(
  connection: DuckDBConnection,
  name: string,
  columns: readonly Column[],
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  const appender = await connection.createAppender(name);
  const types = columns.map((_, i) => appender.columnType(i));
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    const part = rows.slice(start, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(types, part.length);
    for (const [i, { type }] of columns.entries())
      chunk.setColumnValues(
        i,
        part.map((row) => toDuck(row[i] ?? null, type)),
      );
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}
