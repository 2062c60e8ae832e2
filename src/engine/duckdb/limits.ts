import { availableParallelism, totalmem } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";

const MEBIBYTE = 1024 * 1024;

/**
 * Several sessions run at once, and DuckDB would give each of them most of the machine: a quarter is for those with all
 * threads, a sixteenth for those with one, which work on small pieces beside others of their kind.
 */
export function memoryShare(threads: number | undefined): string {
  const machine = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const share = machine / (threads === 1 ? 16 : 4);
  return `${Math.max(256, Math.floor(share / MEBIBYTE))}MiB`;
}

/** The smaller of two sizes as DuckDB reads them: `150MB`, `1.5 GiB`. */
export function smaller(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return sizeOf(b) < sizeOf(a) ? b : a;
}

const UNITS = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

function sizeOf(text: string): number {
  const [, number, unit = ""] = /^\s*([0-9.]+)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  return Number(number ?? Number.NaN) * (UNITS[unit.toUpperCase() as keyof typeof UNITS] ?? Number.NaN);
}

export interface Limits {
  /** Statements at once. */
  readonly parallelism: number;
  /** Rows that a Parquet writer holds before it writes them. */
  readonly rowGroupRows: number;
}

/** What a statement that reads lines and writes Parquet takes for its buffers. */
const STATEMENT_BYTES = 256 * MEBIBYTE;
const ROW_GROUP = { rows: 122_880, rowsInLittleMemory: 20_480 };

/**
 * One statement more than threads, as one of them waits for a disk now and then. A running statement holds one of the
 * threads that Node has for files too (UV_THREADPOOL_SIZE, 4 by default): one is left to files.
 */
export async function limitsOf(connection: DuckDBConnection, threads = availableParallelism()): Promise<Limits> {
  const result = await connection.runAndReadAll("SELECT current_setting('memory_limit')");
  const bytes = bytesIn(String(result.getRows()[0]?.[0]));
  const pool = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  const useful = threads === 1 ? 1 : Math.min(threads + 1, pool - 1);
  return {
    parallelism: Math.max(1, Math.min(useful, Math.floor(bytes / STATEMENT_BYTES))),
    rowGroupRows: bytes < STATEMENT_BYTES ? ROW_GROUP.rowsInLittleMemory : ROW_GROUP.rows,
  };
}

/** As DuckDB says it: `143.0 MiB`. */
function bytesIn(text: string): number {
  const [, number, unit = "bytes"] = /^([0-9.]+) (bytes|KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  return Number(number ?? Number.POSITIVE_INFINITY) * 1024 ** ["bytes", "KiB", "MiB", "GiB", "TiB"].indexOf(unit);
}
