import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A project of somebody else's, in a folder without node_modules: two definitions, two SQL files, a source. */
const project: Readonly<Record<string, string>> = {
  "pinlake.config.ts": `
    import { defineConfig } from "pinlake";
    export default defineConfig({ namespace: "orchard", source: { generator: "source.ts" } });`,
  "datasets/apple.ts": `
    import { defineDataset } from "pinlake";
    export default defineDataset({
      name: "apple",
      sourceTable: "apples",
      record: { fields: { id: {}, kind: {}, grams: {} }, key: "id", markers: ["grams"] },
      key: "id",
      columns: [{ name: "id", type: "BIGINT" }, { name: "kind", type: "STRING" }, { name: "grams", type: "INT" }],
      checks: [{ name: "too_heavy", when: "grams > 1000", message: "No apple weighs so much", fields: ["grams"] }],
    });`,
  "datasets/apple.sql": "SELECT parse_bigint(id) AS id, kind, CAST(parse_bigint(grams) AS INT) AS grams FROM raw",
  "answers/heaviest.sql": `-- title: The heaviest apple of each kind
-- from: apple
-- columns: kind STRING, grams INT
SELECT kind, max(grams) AS grams FROM apple GROUP BY kind ORDER BY kind`,
  "source.ts": `
    import { defineSource } from "pinlake";
    const table = {
      name: "apples",
      key: "id",
      columns: [{ name: "id", type: "integer" }, { name: "kind", type: "text" }, { name: "grams", type: "integer" }],
    } as const;
    export default defineSource({
      tables: [table],
      *generate({ rows = 40 }) {
        for (let id = 0; id < rows; id++)
          yield { table: "apples", row: { id, kind: id % 2 === 0 ? "red" : "green", grams: id === 9 ? 5000 : id === 11 ? 3e9 : 100 + id } };
      },
    });`,
};

it("a dataset, its question and its source are a few files anywhere, and the demo runs on them", async () => {
  await using folder = await tempFolder();
  for (const [name, text] of Object.entries(project)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  // The project is the current folder, and so is where its data goes.
  const options = { cwd: folder.path };
  const checked = await pinlakeJson<{ datasets: string[]; answers: string[] }>(["config", "check"], options);
  expect(checked).toMatchObject({ datasets: ["apple"], answers: ["heaviest"], workflows: ["daily"] });

  const demo = await pinlakeJson<{ reconciliation: object[]; agreement: object[]; answers: object }>(
    ["demo", "--all", "--exit"],
    options,
  );
  expect(demo.reconciliation).toEqual(
    ["batch", "stream"].map((arm) => ({
      ...{ arm, dataset: "apple", events: 40, rows: 38, superseded: 0, quarantined: 2, tombstones: 0, ok: true },
    })),
  );
  expect(demo.agreement).toEqual([{ dataset: "apple", batchRows: 38, streamRows: 38, differences: 0 }]);
  expect(demo.answers).toEqual({
    heaviest: [
      { kind: "green", grams: 139 },
      { kind: "red", grams: 138 },
    ],
  });
  const bad = await pinlake(["quarantine", "show", "--arm", "stream", "--format", "csv"], options);
  expect(bad.out).toMatch(/\nstream,apple,streaming-orchard-apple,0,\d+,too_heavy,.*5000/);
  // No INT is so large, and the SQL casts.
  const failed = await pinlakeJson(["quarantine", "ls"], options);
  expect(failed).toMatchObject(
    ["batch", "stream"].flatMap((arm) => ["sql_failed", "too_heavy"].map((reason) => ({ arm, reason }))),
  );

  await writeFile(
    join(folder.path, "datasets/apple.sql"),
    "SELECT filled(id) AS id, kind, parse_bigint(grams) AS grams FROM raw",
  );
  const refused = await pinlake(["config", "check"], options);
  expect(refused).toMatchObject({ code: 78, out: "" });
  expect(refused.err).toMatch(/apple[.]sql: column "id" is declared BIGINT, but the SELECT gives VARCHAR;.*"grams"/);
});
