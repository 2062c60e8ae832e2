import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../../../src/define/answer.ts";
import { readAnswer } from "../../../src/define/answer-file.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QuerySession, SqlValue } from "../../../src/engine/query-engine.ts";
import { dataType } from "../../../src/engine/schema.ts";
import { cleanInto } from "../../support/clean-into.ts";
import { realDataFolder, realRows, shippedDatasets } from "../../support/pinterest.ts";
import { answers as reference, type Tables } from "../../support/reference/answers.ts";
import type { DatasetName } from "../../support/reference/clean-record.ts";
import { recount } from "../../support/reference/newest.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

const folder = realDataFolder();
const answersFolder = join(import.meta.dirname, "../../../pinterest/answers");
const datasetNames: readonly DatasetName[] = ["pin", "geo", "user"];

describe.skipIf(folder === undefined)("the nine answers over the real rows", () => {
  const engine = createDuckDbEngine({ threads: 2 });
  const tables = {} as { -readonly [K in keyof Tables]: Tables[K] };
  const files = new Map<string, Answer>();
  let session: QuerySession;
  let temporary: TempFolder;

  beforeAll(async () => {
    session = await engine.session();
    temporary = await tempFolder();
    const datasets = await shippedDatasets();
    for (const name of datasetNames) {
      const events = realRows(folder as string, name).map((value, i) => ({
        topic: `x.${name}`,
        partition: 0,
        offset: BigInt(i),
        value,
      }));
      const { rows, quarantined } = recount(name, events);
      expect(quarantined).toEqual([]);
      Object.assign(tables, { [name]: [...rows.values()].map(({ row }) => row) });
      const input = { topic: `x.${name}`, partition: 0, records: events };
      const counts = await cleanInto(session, datasets[name], [[input]], { folder: temporary.path, into: name });
      expect(counts).toMatchObject({ events: events.length, rows: events.length, quarantined: 0, tombstones: 0 });
    }
    for (const file of readdirSync(answersFolder)) {
      const answer = await readAnswer(join(answersFolder, file));
      files.set(answer.name, answer);
    }
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await temporary[Symbol.asyncDispose]();
  });

  /** What an answer's SQL gives, with some parameters set. */
  async function ask(
    name: string,
    given: Readonly<Record<string, string | number>> = {},
  ): Promise<readonly (readonly SqlValue[])[]> {
    const answer = files.get(name) as Answer;
    const parameters = Object.entries(answer.parameters);
    await session.defineRows(
      "params",
      [
        { name: "_", type: "integer" },
        ...parameters.map(
          ([parameter, { type }]) => ({ name: parameter, type: type === "integer" ? "long" : "string" }) as const,
        ),
      ],
      [
        [
          0,
          ...parameters.map(([parameter, { type, default: usual }]): SqlValue => {
            const value = given[parameter] ?? usual;
            return type !== "integer" ? String(value) : value === "all" ? null : BigInt(value);
          }),
        ],
      ],
    );
    const { columns, rows } = await session.query(answer.sql);
    expect(columns).toEqual(answer.columns.map((column) => ({ name: column.name, type: dataType(column.type) })));
    return rows;
  }

  it("are nine", () => {
    expect([...files.keys()].sort()).toEqual(Object.keys(reference).sort());
  });

  it.each(Object.keys(reference) as (keyof typeof reference)[])(
    "%s is what plain TypeScript computes",
    async (name) => {
      await session.defineRows(
        "most_followed_by_country",
        [
          { name: "country", type: "string" },
          { name: "poster_name", type: "string" },
          { name: "follower_count", type: "long" },
        ],
        reference.most_followed_by_country(tables),
      );
      const rows = await ask(name);
      expect(rows.length).toBeGreaterThan(0);
      expect(rows).toEqual(reference[name](tables));
    },
  );

  it("obey their parameters", async () => {
    const checks: readonly [keyof typeof reference, Record<string, string | number>][] = [
      ["popular_category_by_country", { top: 3, ties: "first" }],
      ["popular_category_by_country", { top: "all" }],
      ["popular_category_by_year", { from: 2017, to: 2018, top: 2 }],
      ["most_followed_by_country", { ties: "first" }],
      ["country_of_most_followed", { ties: "all" }],
      ["popular_category_by_age_group", { top: 2, ties: "first" }],
      ["users_joined_by_year", { count: "posts" }],
      ["users_joined_by_year", { from: 2016, to: 2016 }],
      ["median_followers_by_join_year", { from: 2017, to: 2017 }],
      ["median_followers_by_join_year_and_age_group", { from: 2016, to: 2030 }],
    ];
    for (const [name, given] of checks)
      expect(await ask(name, given), `${name} ${JSON.stringify(given)}`).toEqual(
        (reference[name] as (tables: Tables, given: object) => unknown)(tables, given),
      );
  });

  it("agree with the figures known of the complete tables", async () => {
    const posts = await session.query(
      "SELECT CAST(year(timestamp) AS INT) AS y, count(*) FROM geo GROUP BY y ORDER BY y",
    );
    expect(posts.rows).toEqual([
      [2017, 432n],
      [2018, 2316n],
      [2019, 2192n],
      [2020, 2172n],
      [2021, 2208n],
      [2022, 1834n],
    ]);
    expect(await ask("users_joined_by_year")).toEqual([
      [2015, 841n],
      [2016, 2760n],
      [2017, 1706n],
    ]);
    expect(await ask("users_joined_by_year", { count: "posts" })).toEqual([
      [2015, 4507n],
      [2016, 4791n],
      [2017, 1856n],
    ]);
    const ages = await session.query(
      "SELECT count(*) FILTER (age BETWEEN 18 AND 24), count(*) FILTER (age BETWEEN 25 AND 35), count(*) FILTER (age BETWEEN 36 AND 50), count(*) FILTER (age > 50) FROM user",
    );
    expect(ages.rows).toEqual([[4916n, 3005n, 2225n, 1008n]]);
  });
});
