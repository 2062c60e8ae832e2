import { afterAll } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import type { QueryEngine, QuerySession } from "../../src/engine/query-engine.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

/** An engine and a folder for all tests of a file, gone after its last. */
export async function engineAndFolder(): Promise<{ readonly engine: QueryEngine; readonly folder: TempFolder }> {
  const engine = createDuckDbEngine({ threads: 1 });
  const folder = await tempFolder();
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  return { engine, folder };
}

/** An engine and a session of it for all tests of a file, gone after its last. */
export async function engineAndSession(): Promise<{ readonly engine: QueryEngine; readonly session: QuerySession }> {
  const engine = createDuckDbEngine({ threads: 1 });
  afterAll(() => engine[Symbol.asyncDispose]());
  return { engine, session: await engine.session() };
}
