import { join } from "node:path";
import { expect, it } from "vitest";
import { engineAndFolder } from "../../support/engine-and-folder.ts";

const { engine, folder } = await engineAndFolder();

it("a session keeps nothing of the files that it has read, however many they are", async () => {
  await using session = await engine.session({ threads: 1 });
  const path = join(folder.path, "rows.parquet");
  const columns = [{ name: "a", type: "string" }] as const;
  await session.writeParquet("SELECT md5(CAST(i AS VARCHAR)) FROM range(10000) r(i)", columns, path);
  await session.defineParquet("stored", columns, [{ path }]);
  expect((await session.query("SELECT count(DISTINCT a) FROM stored")).rows).toEqual([[10_000n]]);
  expect((await session.query("SELECT tag FROM duckdb_memory() WHERE memory_usage_bytes > 0")).rows).toEqual([]);
});
