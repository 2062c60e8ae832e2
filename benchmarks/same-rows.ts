import { systemClock } from "../src/clock.ts";
import { createDuckDbEngine } from "../src/engine/duckdb/engine.ts";
import { openFilesystemStore } from "../src/store/filesystem.ts";
import { openDeltaTable } from "../src/table/delta/delta-table.ts";

/** Throws when two Delta tables below a folder differ in the rows of these columns. */
export async function expectSameRows(root: string, prefixes: readonly [string, string], columns: readonly string[]) {
  await using engine = createDuckDbEngine({});
  await using store = await openFilesystemStore({ root });
  await using session = await engine.session({ tempFolder: root });
  const list = columns.map(session.quote).join(", ");
  for (const [i, prefix] of prefixes.entries()) {
    const table = openDeltaTable({ store, prefix, engine, clock: systemClock, engineInfo: "bench" });
    await (await table.snapshot()).define(session, `table${i}`);
  }
  const count = "count(*), coalesce(bit_xor(h), 0), coalesce(sum(h % 1000003), 0)";
  const [ours, theirs] = await Promise.all(
    prefixes.map((_, i) => session.query(`SELECT ${count} FROM (SELECT hash(${list}) AS h FROM table${i})`)),
  );
  const [mine, others] = [ours, theirs].map((result) => result?.rows[0]?.join(", "));
  if (mine !== others)
    throw new Error(`${prefixes.join(" and ")} differ: count and checksums are ${mine} and ${others}`);
}
