import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { writeSource } from "../../src/source/sqlite/create.ts";
import { openSqliteSource } from "../../src/source/sqlite.ts";
import { sourceConformance } from "./source.ts";

const folder = await mkdtemp(join(tmpdir(), "pinlake-source-"));
afterAll(() => rm(folder, { recursive: true }));

let made = 0;
sourceConformance("sqlite", async (tables, rows) => {
  const path = join(folder, `${made++}.db`);
  await writeSource(tables, rows, { path });
  return openSqliteSource({ path });
});
