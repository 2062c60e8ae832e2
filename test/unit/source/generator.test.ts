import { describe, expect, it } from "vitest";
import source from "../../../pinterest/source.ts";
import type { SourceRow } from "../../../src/define/source.ts";

interface Tables {
  readonly pins: readonly SourceRow[];
  readonly geos: readonly SourceRow[];
  readonly users: readonly SourceRow[];
}

function generate(seed: number, rows?: number): Tables {
  const byTable = Object.groupBy(source.generate({ seed, ...(rows === undefined ? {} : { rows }) }), (r) => r.table);
  const of = (table: string) => (byTable[table] ?? []).map(({ row }) => row);
  return { pins: of("pinterest_data"), geos: of("geolocation_data"), users: of("user_data") };
}

function countBy(rows: readonly SourceRow[], of: (row: SourceRow) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(of(row), (counts.get(of(row)) ?? 0) + 1);
  return counts;
}

const year = (value: unknown) => String(value).slice(0, 4);
const person = (user: SourceRow) => [user.first_name, user.last_name, user.age, user.date_joined].join("|");
const ageGroup = ({ age }: SourceRow) => {
  const years = Number(age);
  return years <= 24 ? "18-24" : years <= 35 ? "25-35" : years <= 50 ? "36-50" : "+50";
};

describe.each([1, 100, 20260])("the source made with seed %i", (seed) => {
  const { pins, geos, users } = generate(seed);

  it("has 11,154 rows per table with the keys 0 to 11153", () => {
    const keys = Array.from({ length: 11_154 }, (_, i) => i);
    expect(pins.map((row) => row.index)).toEqual(keys);
    expect(geos.map((row) => row.ind)).toEqual(keys);
    expect(users.map((row) => row.ind)).toEqual(keys);
  });

  it("has thirteen categories in blocks", () => {
    const blocks: [string, number][] = [];
    for (const { category } of pins) {
      const last = blocks.at(-1);
      if (last !== undefined && last[0] === category) last[1]++;
      else blocks.push([String(category), 1]);
    }
    expect(blocks.map(([, posts]) => posts)).toEqual([
      892, 745, 1000, 830, 863, 747, 787, 861, 852, 910, 970, 859, 838,
    ]);
    expect(blocks[0]?.[0]).toBe("art");
  });

  it("has 243 countries, a few of them with most posts", () => {
    const sizes = [...countBy(geos, (row) => String(row.country)).values()].sort((a, b) => b - a);
    expect(sizes).toHaveLength(243);
    expect([sizes[0], sizes.at(-1)]).toEqual([563, 5]);
    expect(sizes.slice(0, 24).reduce((a, b) => a + b)).toBeGreaterThan(11_154 / 3);
    expect(sizes.slice(121).reduce((a, b) => a + b)).toBeLessThan(11_154 / 4);
  });

  it("has 5,307 people, each of one country, who joined and posted in the original's years", () => {
    const people = new Map(users.map((user) => [person(user), user]));
    expect(people.size).toBe(5307);
    expect(Object.fromEntries(countBy([...people.values()], (row) => year(row.date_joined)))).toEqual({
      2015: 841,
      2016: 2760,
      2017: 1706,
    });
    expect(Object.fromEntries(countBy(users, (row) => year(row.date_joined)))).toEqual({
      2015: 4507,
      2016: 4791,
      2017: 1856,
    });
    expect(Object.fromEntries(countBy(geos, (row) => year(row.timestamp)))).toEqual({
      2017: 432,
      2018: 2316,
      2019: 2192,
      2020: 2172,
      2021: 2208,
      2022: 1834,
    });
    const homes = new Set(
      users.map((user, i) => [person(user), geos[i]?.country, geos[i]?.latitude, geos[i]?.longitude].join("|")),
    );
    expect(homes.size).toBe(5307);
  });

  it("has names that several people share", () => {
    const names = new Set(users.map((user) => `${user.first_name} ${user.last_name}`)).size;
    expect(5307 - names).toBeGreaterThan(226 * 0.8);
    expect(5307 - names).toBeLessThan(226 * 1.2);
  });

  it("has the original's age groups", () => {
    expect(Object.fromEntries(countBy(users, ageGroup))).toEqual({
      "18-24": 4916,
      "25-35": 3005,
      "36-50": 2225,
      "+50": 1008,
    });
  });

  it("has no post before its author joined", () => {
    expect(users.filter((user, i) => String(user.date_joined) > String(geos[i]?.timestamp))).toEqual([]);
  });

  it("has sentinels and quirks as often as the original, within a fifth", () => {
    const error = (field: string, value: string) => (row: SourceRow) => row[field] === value;
    const like = (field: string, pattern: RegExp) => (row: SourceRow) => pattern.test(String(row[field]));
    const expected: readonly (readonly [(row: SourceRow) => boolean, perHundred: number])[] = [
      [error("title", "No Title Data Available"), 0.74],
      [error("description", "No description available Story format"), 6.93],
      [error("description", "No description available"), 1.49],
      [error("poster_name", "User Info Error"), 0.74],
      [error("tag_list", "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"), 1.44],
      [error("image_src", "Image src error."), 2.43],
      [error("is_image_or_video", "video"), 2.97],
      [error("is_image_or_video", "multi-video(story page format)"), 6.93],
      [like("description", /…\u00a0$/), 36.6],
      [like("title", / {2}/), 1.63],
      [like("title", /\n/), 0.2],
      [like("title", /[^\0-\x7f]/), 9.7],
      [like("description", /[^\0-\x7f]/), 43],
      [like("poster_name", /[^\0-\x7f]/), 2.57],
      [like("poster_name", /^\s|\s$/), 1.73],
      [like("poster_name", /^.$/u), 0.2],
      [like("title", /"/), 0.94],
    ];
    for (const [matches, perHundred] of expected) {
      const found = (pins.filter(matches).length * 100) / pins.length;
      expect(found).toBeGreaterThan(perHundred * 0.8);
      expect(found).toBeLessThan(perHundred * 1.2);
    }
  });

  it("has follower counts of the original's shapes, within a fifth", () => {
    const shapes = countBy(pins, ({ follower_count: count }) =>
      count === "0" ? "zero" : String(count).replace(/^[0-9]+/, "n"),
    );
    const expected = { n: 17.24, zero: 0.59, nk: 73.9, nM: 7.53, "User Info Error": 0.74 };
    expect([...shapes.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [shape, perHundred] of Object.entries(expected)) {
      const found = ((shapes.get(shape) ?? 0) * 100) / pins.length;
      expect(found).toBeGreaterThan(perHundred * 0.8);
      expect(found).toBeLessThan(perHundred * 1.2);
    }
  });

  it("keeps the original's invariants in every row", () => {
    for (const pin of pins) {
      expect(pin.downloaded === 0).toBe(pin.image_src === "Image src error.");
      expect(pin.poster_name === "User Info Error").toBe(pin.follower_count === "User Info Error");
      expect(pin.save_location).toBe(`Local save in /data/${pin.category}`);
      expect(pin.unique_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(new Set(pins.map((pin) => pin.unique_id)).size).toBe(pins.length);
  });
});

describe("the source generator", () => {
  it("makes the same rows of the same seed, and others of another", () => {
    expect(generate(7, 300)).toEqual(generate(7, 300));
    expect(generate(7, 300)).not.toEqual(generate(8, 300));
  });

  it.each([1, 20, 500, 30_000])("scales to %i rows", (rows) => {
    const { pins, geos, users } = generate(3, rows);
    expect([pins.length, geos.length, users.length]).toEqual([rows, rows, rows]);
    expect(users.filter((user, i) => String(user.date_joined) > String(geos[i]?.timestamp))).toEqual([]);
    expect(geos.every(({ country }) => country !== "")).toBe(true);
  });
});
