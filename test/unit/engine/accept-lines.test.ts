import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Dataset, defineDataset } from "../../../src/define/dataset.ts";
import { acceptLines } from "../../../src/engine/accept-lines.ts";
import { copiesIn } from "../../../src/engine/copies.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { fileReader } from "../../../src/engine/file-reader.ts";
import type { QuerySession } from "../../../src/engine/query-engine.ts";
import { readableFile } from "../../../src/engine/readable-file.ts";
import { recordShape } from "../../../src/engine/suspects.ts";
import { cleanInto } from "../../support/clean-into.ts";
import { wellFormedRecord } from "../../support/dirty-records.ts";
import { shippedDatasets } from "../../support/pinterest.ts";
import { cleanRecord, type DatasetName } from "../../support/reference/clean-record.ts";
import { runs } from "../../support/run-length.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

describe("the engine reading objects itself", () => {
  const engine = createDuckDbEngine({ threads: 2 });
  let session: QuerySession;
  let datasets: Readonly<Record<DatasetName, Dataset>>;
  let folder: TempFolder;

  beforeAll(async () => {
    session = await engine.session();
    datasets = await shippedDatasets();
    folder = await tempFolder();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function write(name: string, lines: readonly (string | Uint8Array)[]): Promise<string> {
    const path = join(folder.path, name);
    await writeFile(path, Buffer.concat(lines.flatMap((line) => [Buffer.from(line as string), Buffer.from("\n")])));
    return path;
  }

  /** Every object of a partition of its own. */
  const apart = (object: number) => ({
    topic: `t${object % 2}`,
    partition: object,
    startOffset: BigInt(object * 1000),
  });

  /** Accepted rows by topic and offset, and the offsets of suspects. */
  async function accept(
    name: DatasetName,
    objects: readonly (readonly (string | Uint8Array)[])[],
    position: typeof apart = apart,
  ) {
    const inputs = await Promise.all(
      objects.map(async (lines, i) => ({
        ...position(i),
        ...(await readableFile(fileReader(), await write(`${i}.json`, lines), copiesIn(folder.path))),
      })),
    );
    const path = join(folder.path, `${randomUUID()}.parquet`);
    const shape = recordShape(datasets[name], []);
    const { file, suspects } = await acceptLines(session, datasets[name], shape, inputs, path);
    expect(existsSync(path)).toBe(file !== undefined);
    const rows = file === undefined ? [] : await session.rows(`SELECT * FROM read_parquet(${session.literal(path)})`);
    expect(rows.length).toBe(file?.rows ?? 0);
    return { rows, suspects };
  }

  it.each<DatasetName>(["pin", "geo", "user"])("accepts %s only as the strict reading gives it", async (name) => {
    let acceptedInAll = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(wellFormedRecord(name), { maxLength: 20 }), { minLength: 1, maxLength: 5 }),
        async (objects) => {
          const { rows, suspects } = await accept(name, objects);
          for (const { _topic, _partition, _offset, ...row } of rows) {
            const object = Number(_partition);
            const line = Number(_offset) - object * 1000;
            expect(_topic).toBe(`t${object % 2}`);
            expect(suspects[object]).not.toContain(line);
            expect({ kind: "row", row }).toEqual(cleanRecord(name, objects[object]?.[line] as Uint8Array));
          }
          expect(rows.length + suspects.flat().length).toBe(objects.flat().length);
          acceptedInAll += rows.length;
        },
      ),
      runs(40),
    );
    expect(acceptedInAll).toBeGreaterThan(20);
  });

  const pins = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => `{"index":${from + i},"unique_id":"u${from + i}","title":"Title ${i}"}`);

  it("accepts ordinary lines whatever stands between them, and keeps their offsets", async () => {
    const odd = [
      "null",
      "",
      "[1]",
      '"x"',
      "5",
      "{",
      '{"index":1,}',
      '{"index":1} x',
      '{"index":1,"index":2,"unique_id":"b"}',
    ];
    const objects = [pins(0, 50), [...pins(50, 10), ...odd, ...pins(60, 10)], pins(70, 3), ["null"], pins(80, 5)];
    const { rows, suspects } = await accept("pin", objects);
    expect(suspects).toEqual([[], odd.map((_, i) => 10 + i), [], [0], []]);
    expect(rows.length).toBe(78);
    for (const row of rows) {
      const line = objects[row._partition as number]?.[Number(row._offset) - (row._partition as number) * 1000];
      expect(JSON.parse(line as string)).toMatchObject({ index: Number(row.ind), unique_id: row.unique_id });
    }
  });

  it.each([
    ["a number that is written in another way than the engine would", '{"index":1,"unique_id":"a","title":1.10}'],
    ["minus zero", '{"index":1,"unique_id":"a","title":-0}'],
    ["an exponent in a count", '{"index":1,"unique_id":"a","follower_count":1e3}'],
    ["a nested value", '{"index":1,"unique_id":"a","title":{"a": 1}}'],
    ["what is no JSON number", '{"index":1,"unique_id":"a","title":NaN}'],
    ["a count that cannot be read", '{"index":1,"unique_id":"a","follower_count":"many"}'],
    ["no own field but the key", '{"index":1,"country":"x"}'],
  ])("leaves a line with %s to the strict reading", async (_, line) => {
    const { rows, suspects } = await accept("pin", [[...pins(2, 2), line]]);
    expect([rows.length, suspects]).toEqual([2, [[2]]]);
  });

  it("reads numbers fast where the SQL only parses them", async () => {
    const line = '{"ind":1,"country":"x","latitude":-89.97870,"longitude":1e1,"timestamp":"2020-01-01"}';
    expect((await accept("geo", [[line]])).suspects).toEqual([[]]);
  });

  it.each([
    { field: "partition", names: "a part of the object's path", aliases: [] },
    { field: "file_index", names: "what the engine calls a file's number", aliases: [] },
    { field: "word", names: "spelled as it is with another case", aliases: ["Word"] },
  ])("reads a field that is $names from the record itself", async ({ field, aliases }) => {
    const definition = defineDataset({
      name: "odd",
      record: { fields: { id: {}, [field]: { aliases } }, key: "id" },
      key: "id",
      columns: [
        { name: "id", type: "BIGINT" },
        { name: "text", type: "STRING" },
      ],
    });
    const select = `SELECT parse_bigint(id) AS id, ${field} AS text FROM raw`;
    const inputs = [];
    for (const object of [0, 1]) {
      await mkdir(join(folder.path, `partition=${object}`), { recursive: true });
      const other = aliases[0] ?? field;
      const lines = [`{"id":${object},"${field}":"${1 - object}"}`, `{"id":1${object},"${other}":"${object}"}`];
      const path = await write(`partition=${object}/${field}.json`, lines);
      inputs.push({ topic: "t", partition: object, path, startOffset: 5n });
    }
    const counts = await cleanInto(session, { ...definition, select, hash: "" }, [inputs], { folder: folder.path });
    expect(counts).toMatchObject({ events: 4, rows: 4 });
    expect(await session.rows("SELECT id, text, _partition, _offset FROM good ORDER BY id")).toEqual([
      { id: 0n, text: "1", _partition: 0, _offset: 5n },
      { id: 1n, text: "0", _partition: 1, _offset: 5n },
      { id: 10n, text: "0", _partition: 0, _offset: 6n },
      { id: 11n, text: "1", _partition: 1, _offset: 6n },
    ]);
  });
});
