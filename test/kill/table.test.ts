import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { deltaTable } from "../support/delta-table.ts";
import { startChild } from "../support/kill-loop.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { contents, EVENTS } from "../support/table-rows.ts";
import { tempFolder } from "../support/temp-folder.ts";

const WRITERS = 3;
const KILLS_EACH = times(7);
const BATCHES = 15;

describe("writers in processes of their own on one table", () => {
  it.each([
    { rows: "written anew", properties: {} },
    { rows: "marked", properties: { "delta.enableDeletionVectors": "true", "delta.enableChangeDataFeed": "true" } },
  ])("lose and double nothing while each is killed again and again, where rows that go are $rows", async (kind) => {
    const random = seededRandom(printedSeed("table kill"));
    await using folder = await tempFolder();
    const store = await openFilesystemStore({ root: folder.path });
    await using engine = createDuckDbEngine({ threads: 1 });
    await using session = await engine.session();
    await deltaTable(store, engine).create({
      schema: EVENTS,
      configuration: { ...kind.properties, "delta.isolationLevel": "Serializable", "delta.checkpointInterval": "5" },
    });

    const reader = deltaTable(store, engine);
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, n) => {
        let done = 0;
        for (let life = 0; life <= KILLS_EACH; life++) {
          const last = life === KILLS_EACH;
          const child = startChild(join(import.meta.dirname, "table-child.ts"), [
            folder.path,
            `w${n}`,
            String(BATCHES),
          ]);
          if (last) expect(await child.ended).toBe(0);
          else {
            await child.until("ready");
            await new Promise((resolve) => setTimeout(resolve, random() * 120));
            await child.kill();
          }
          for (const line of child.lines) if (line.startsWith("done ")) done = Math.max(done, Number(line.slice(5)));
          // What was acknowledged is there for whoever looks next.
          expect(Number((await reader.snapshot()).txns.get(`w${n}`) ?? 0n)).toBeGreaterThanOrEqual(done);
        }
      }),
    );

    const snapshot = await deltaTable(store, engine).snapshot();
    const rows = await contents(session, snapshot);
    const own = rows.filter((row) => !row.startsWith("shared"));
    const expected = Array.from({ length: WRITERS }, (_, n) =>
      Array.from({ length: BATCHES }, (_, b) => [0, 1].map((i) => `w${n}-${b + 1}-${i}@${b + 1}`)),
    ).flat(2);
    expect(own.toSorted()).toEqual(expected.toSorted());
    expect(rows.length - own.length).toBe(1);
    for (let n = 0; n < WRITERS; n++) expect(snapshot.txns.get(`w${n}`)).toBe(BigInt(BATCHES));

    const commits = (await readdir(join(folder.path, "t/_delta_log"))).filter((name) => name.endsWith(".json"));
    expect(commits.map((name) => Number(name.slice(0, 20))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: snapshot.version + 1 }, (_, version) => version),
    );
    const history = await Array.fromAsync(deltaTable(store, engine).history());
    expect(history.filter(({ operation }) => operation !== "OPTIMIZE")).toHaveLength(WRITERS * BATCHES + 1);
  });
});
