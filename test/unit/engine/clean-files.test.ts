import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/define/dataset.ts";
import { cleanFiles, type RawInput } from "../../../src/engine/clean-files.ts";
import { cleanColumns } from "../../../src/engine/clean-sql.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { keepNewestInFiles } from "../../../src/engine/newest.ts";
import type { QuerySession } from "../../../src/engine/query-engine.ts";
import { thingDataset } from "../../support/batch-world.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

/** Objects of so many lines, one behind the other, in groups of so many objects. */
async function land(
  folder: TempFolder,
  line: (offset: number) => string,
  { objects, lines, perGroup }: { objects: number; lines: number; perGroup: number },
): Promise<RawInput[][]> {
  const groups: RawInput[][] = [];
  for (let object = 0; object < objects; object++) {
    const path = join(folder.path, `object-${object}.json`);
    const texts = Array.from({ length: lines }, (_, i) => `${line(object * lines + i)}\n`);
    await writeFile(path, texts.join(""));
    if (object % perGroup === 0) groups.push([]);
    groups.at(-1)?.push({ topic: "a.thing", partition: 0, path, startOffset: BigInt(object * lines) });
  }
  return groups;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function cleaned(session: QuerySession, dataset: Dataset, folder: TempFolder, groups: readonly RawInput[][]) {
  const options = { badInto: "bad", folder: folder.path, nowMs: 0, foreignMarkers: [] };
  const result = await cleanFiles(session, dataset, each(groups), options);
  await session.defineParquet("good", cleanColumns(dataset), result.files);
  return result;
}

const numbers = async (session: QuerySession, sql: string) => (await session.query(sql)).rows[0]?.map(Number);

describe("cleaning objects, several groups at once", () => {
  it.each([
    ["none of them bad", () => false],
    ["a few of them bad", (offset: number) => offset % 1000 === 17],
    ["the last of each group bad", (offset: number) => offset % 20_000 === 19_999],
    ["all of one group bad", (offset: number) => offset >= 20_000 && offset < 40_000],
  ])("gives every line its own offset: %s", async (_, isBad) => {
    await using folder = await tempFolder();
    await using engine = createDuckDbEngine({ threads: 2 });
    await using session = await engine.session();
    const kinds = ["", "[]", '{"n":1}', '{"ind":"1","n":-1}', '{"ind":1'];
    const line = (i: number) => (isBad(i) ? (kinds[i % 5] as string) : `{"ind":${i},"n":${i * 2}}`);
    const lines = 90_000;
    const groups = await land(folder, line, { objects: 18, lines: 5000, perGroup: 4 });
    const bad = Array.from({ length: lines }, (_, i) => i).filter(isBad);
    const { files: _files, ...counts } = await cleaned(session, thingDataset(), folder, groups);
    expect(counts).toMatchObject({ events: lines, rows: lines - bad.length, quarantined: bad.length });
    expect(
      await numbers(session, "SELECT count(*), count(DISTINCT _offset) FROM good WHERE ind = _offset AND n = ind * 2"),
    ).toEqual([lines - bad.length, lines - bad.length]);
    const found = await session.query('SELECT "offset" FROM bad ORDER BY 1');
    expect(found.rows.map(([offset]) => Number(offset))).toEqual(bad);
  });

  it("removes the copies that it was given, and those that it made", async () => {
    await using folder = await tempFolder();
    await using engine = createDuckDbEngine({ threads: 2 });
    await using session = await engine.session();
    const groups = await land(folder, (i) => (i === 3 ? "x" : `{"ind":${i},"n":1}`), {
      objects: 3,
      lines: 10,
      perGroup: 1,
    });
    const given = groups.map((group) => group.map((input) => ({ ...input, temporary: true })));
    const { files } = await cleaned(session, thingDataset(), folder, given);
    expect((await readdir(folder.path)).map((name) => join(folder.path, name)).sort()).toEqual(
      files.map(({ path }) => path).sort(),
    );
  });

  it("decides line by line what the engine cannot read or convert, and fails where the SQL is none", async () => {
    await using folder = await tempFolder();
    await using engine = createDuckDbEngine({ threads: 2 });
    await using session = await engine.session();
    const groups = await land(folder, (i) => `{"ind":${i},"n":${i}}`, { objects: 4, lines: 100, perGroup: 2 });
    const failing = thingDataset("SELECT parse_bigint(ind) AS ind, CAST('x' || n AS BIGINT) AS n FROM raw");
    expect(await cleaned(session, failing, folder, groups)).toMatchObject({ events: 400, rows: 0, quarantined: 400 });
    const mistaken = thingDataset("SELECT parse_bigint(ind) AS ind, nothing AS n FROM raw");
    await expect(cleaned(session, mistaken, folder, groups)).rejects.toMatchObject({ code: "QUERY_FAILED" });
    expect(await cleaned(session, thingDataset(), folder, groups)).toMatchObject({ events: 400, rows: 400 });
  });

  it("and keeping one row per key take more rows than fit into memory", async () => {
    await using folder = await tempFolder();
    await using engine = createDuckDbEngine({});
    const [lines, keys, memory] = [1_000_000, 500_000, "50MB"];
    const line = (i: number) => `{"ind":${(i * 7919) % keys},"n":${i}}`;
    const groups = await land(folder, line, { objects: 50, lines: 20_000, perGroup: 10 });
    await using session = await engine.session({ memory, tempFolder: folder.path });
    const { files, rows } = await cleaned(session, thingDataset(), folder, groups);
    expect(rows).toBe(lines);
    const newest = { key: "ind", folder: folder.path };
    {
      await using unable = await engine.session({ memory });
      await expect(keepNewestInFiles(unable, files, newest)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    }
    const kept = await keepNewestInFiles(session, files, newest);
    expect(kept.superseded).toBe(lines - keys);
    await session.defineParquet("kept", cleanColumns(thingDataset()), kept.files);
    const right = `count(*) FILTER (WHERE n = _offset AND n >= ${lines - keys})`;
    expect(await numbers(session, `SELECT count(*), count(DISTINCT ind), ${right} FROM kept`)).toEqual([
      keys,
      keys,
      keys,
    ]);
  });
});
