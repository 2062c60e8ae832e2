import { DuckDBInstance } from "@duckdb/node-api";
import type { QueryEngine, SessionOptions } from "../query-engine.ts";
import { limitsOf, memoryShare, smaller } from "./limits.ts";
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
      const memory = smaller(options.memory, defaults.memory) ?? memoryShare(threads);
      const instance = await DuckDBInstance.create(":memory:", {
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
        allow_community_extensions: "false",
        // The system caches files already; a stream that reads new ones for ever would grow up to the limit by what is kept of each.
        enable_external_file_cache: "false",
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
        ...(await limitsOf(connection, threads)),
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
