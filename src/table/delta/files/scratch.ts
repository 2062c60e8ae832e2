import type { QuerySession } from "../../../engine/query-engine.ts";

/**
 * Runs `work`, then drops the tables and views that it made in the caller's session. Their names are unique: when a
 * drop fails (the session was closed) nothing is harmed, and what `work` threw is what the caller hears of.
 */
export async function withScratch<T>(
  session: QuerySession,
  { tables = [], views = [] }: { readonly tables?: readonly string[]; readonly views?: readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    const drops = [
      ...views.map((name) => `DROP VIEW IF EXISTS ${session.quote(name)}`),
      ...tables.map((name) => `DROP TABLE IF EXISTS ${session.quote(name)}`),
    ];
    await session.execute(drops.join(";\n")).catch(() => undefined);
  }
}
