import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { keepNewestInFiles } from "../../../src/engine/newest.ts";
import type { Column } from "../../../src/engine/schema.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const columns: readonly Column[] = [
  { name: "ind", type: "long" },
  { name: "word", type: "string" },
  { name: "_topic", type: "string" },
  { name: "_partition", type: "integer" },
  { name: "_offset", type: "long" },
];

it("keeps of each key the row with the greatest offset, then partition, then topic by bytes", async () => {
  await using engine = createDuckDbEngine({ threads: 2 });
  await using folder = await tempFolder();
  await using session = await engine.session();
  const written = async (values: string) =>
    session.writeParquet(
      `SELECT * FROM (VALUES ${values}) AS t`,
      columns,
      join(folder.path, `${values.length}-${values.charCodeAt(1)}.parquet`),
    );
  const files = [
    await written("(1, 'old', 'a', 9, 5), (2, 'low', 'z', 1, 5), (3, 'a', 'a', 0, 5)"),
    await written("(3, 'Z', 'Z', 0, 5)"),
    await written("(1, 'new', 'a', 0, 6), (2, 'high', 'a', 2, 5), (3, 'é', 'é', 0, 5)"),
    await written("(4, 'alone', 'a', 0, 0)"),
  ];
  const kept = await keepNewestInFiles(session, files, { key: "ind", folder: folder.path });
  expect(kept).toMatchObject({ superseded: 4, files: [files[2], files[3]] });
  await session.defineParquet("kept", columns, kept.files);
  const { rows } = await session.query("SELECT word FROM kept ORDER BY ind");
  expect(rows).toEqual([["new"], ["high"], ["é"], ["alone"]]);
  expect(files.map(({ path }) => existsSync(path))).toEqual([false, false, true, true]);
});
