import { availableParallelism, totalmem } from "node:os";
import { DuckDBInstance } from "@duckdb/node-api";
import type { QueryEngine, SessionOptions } from "../query-engine.ts";
import { PRELUDE } from "./prelude.ts";
import { openSession } from "./session.ts";
import { quoteText } from "./types.ts";

export interface DuckDbEngineOptions {
  /** What a session may use before it spills, such as `4GB`; default: a share of the machine (see `memoryShare`). */
  readonly memory?: string;
  readonly threads?: number;
  /** Where sessions spill to; without one they do not. */
  readonly tempFolder?: string;
}

/** DuckDB inside this process. Each session is a database in memory of its own; no extension is ever downloaded. */
export function createDuckDbEngine(defaults: DuckDbEngineOptions = {}): QueryEngine {
  const open = new Set<AsyncDisposable>();
  return {
    name: "duckdb",
    async session(options: SessionOptions = {}) {
      const { threads, tempFolder, readOnlyFolders } = { ...defaults, ...options };
      const memory = options.memory ?? defaults.memory ?? memoryShare(threads);
      const instance = await DuckDBInstance.create(":memory:", {
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
        allow_community_extensions: "false",
        temp_directory: tempFolder ?? "",
        memory_limit: memory,
        ...(threads === undefined ? {} : { threads: String(threads) }),
      });
      const connection = await instance.connect();
      await connection.run(`SET GLOBAL TimeZone = 'UTC';\n${PRELUDE}`);
      if (readOnlyFolders !== undefined) {
        await connection.run(
          `SET allowed_directories = [${readOnlyFolders.map(quoteText).join(", ")}];
           SET enable_external_access = false;
           SET lock_configuration = true`,
        );
      }
      const session = openSession({
        instance,
        connection,
        memory,
        readOnly: readOnlyFolders !== undefined,
        threads,
        parallelism: lanesFor(threads),
        onClose: () => {
          instance.closeSync();
          open.delete(session);
        },
      });
      open.add(session);
      return session;
    },
    async [Symbol.asyncDispose]() {
      for (const session of [...open]) await session[Symbol.asyncDispose]();
    },
  };
}

/**
 * One more than threads, as one of the lanes waits for a disk now and then. A running statement holds one of the threads
 * that Node has for files too (UV_THREADPOOL_SIZE, 4 by default): one is left to files.
 */
function lanesFor(threads = availableParallelism()): number {
  return threads === 1 ? 1 : Math.min(threads + 1, Math.max(1, (Number(process.env.UV_THREADPOOL_SIZE) || 4) - 1));
}

const MEBIBYTE = 1024 * 1024;

/**
 * Several sessions run at once, and DuckDB would give each of them most of the machine: a quarter is for those with all
 * threads, a sixteenth for those with one, which work on small pieces beside others of their kind.
 */
function memoryShare(threads: number | undefined): string {
  const machine = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const share = machine / (threads === 1 ? 16 : 4);
  return `${Math.max(256, Math.floor(share / MEBIBYTE))}MiB`;
}
