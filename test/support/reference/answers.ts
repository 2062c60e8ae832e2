import type { Geo, Pin, User } from "./clean-record.ts";

export interface Tables {
  readonly pin: readonly Pin[];
  readonly geo: readonly Geo[];
  readonly user: readonly User[];
}

/** Rows of an answer, values in column order: counts as bigint, years as number, medians as number. */
export type AnswerRows = readonly (readonly (string | number | bigint)[])[];

export interface Ties {
  readonly top?: number | "all";
  readonly ties?: "all" | "first";
}
export interface Years {
  readonly from?: number;
  readonly to?: number;
}

/** The nine answers in plain TypeScript, over clean rows with one row per key. */
export const answers = {
  popular_category_by_country: (tables: Tables, { top = 1, ties = "all" }: Ties = {}): AnswerRows =>
    topOfGroups(
      joined(tables.pin, tables.geo).map(([pin, geo]) => [geo.country, pin.category]),
      top,
      ties,
      byText,
    ),

  popular_category_by_year: (
    tables: Tables,
    { from = 2018, to = 2022, top = "all" }: Years & Pick<Ties, "top"> = {},
  ): AnswerRows =>
    topOfGroups(
      joined(tables.pin, tables.geo).map(([pin, geo]) => [within(yearOf(geo.timestamp), from, to), pin.category]),
      top,
      "all",
      (a, b) => a - b,
    ),

  most_followed_by_country: (tables: Tables, { ties = "all" }: Pick<Ties, "ties"> = {}): AnswerRows => {
    const best = new Map<string, Map<string, bigint>>();
    for (const [{ poster_name: poster, follower_count: followers }, { country }] of joined(tables.pin, tables.geo)) {
      if (poster === null || followers === null || country === null) continue;
      const posters = group(best, country, () => new Map<string, bigint>());
      posters.set(poster, maximum(posters.get(poster), followers));
    }
    return [...best]
      .sort(([a], [b]) => byText(a, b))
      .flatMap(([country, posters]) => {
        const most = [...posters.values()].reduce((a, b) => maximum(a, b));
        const names = [...posters].filter(([, followers]) => followers === most).map(([poster]) => poster);
        return first(names.sort(byText), ties).map((poster) => [country, poster, most]);
      });
  },

  country_of_most_followed: (tables: Tables, { ties = "first" }: Pick<Ties, "ties"> = {}): AnswerRows => {
    const rows = answers.most_followed_by_country(tables, { ties: "first" }) as [string, string, bigint][];
    if (rows.length === 0) return [];
    const most = rows.map(([, , followers]) => followers).reduce((a, b) => maximum(a, b));
    const countries = rows.filter(([, , followers]) => followers === most).map(([country]) => country);
    return first(countries, ties).map((country) => [country, most]);
  },

  popular_category_by_age_group: (tables: Tables, { top = 1, ties = "all" }: Ties = {}): AnswerRows =>
    topOfGroups(
      joined(tables.pin, tables.user).map(([pin, user]) => [ageGroup(user.age), pin.category]),
      top,
      ties,
      byAge,
    ),

  median_followers_by_age_group: (tables: Tables): AnswerRows => {
    const groups = new Map<string, bigint[]>();
    for (const [{ follower_count: followers }, { age }] of joined(tables.pin, tables.user)) {
      const label = ageGroup(age);
      if (label !== null && followers !== null) group(groups, label, () => []).push(followers);
    }
    return [...groups].sort(([a], [b]) => byAge(a, b)).map(([label, values]) => [label, median(values)]);
  },

  users_joined_by_year: (
    tables: Tables,
    { from = 2015, to = 2020, count = "people" }: Years & { readonly count?: "people" | "posts" } = {},
  ): AnswerRows => {
    const people = new Map<number, string[]>();
    for (const { user_name, age, date_joined } of tables.user) {
      const year = within(yearOf(date_joined), from, to);
      if (year !== null) group(people, year, () => []).push(JSON.stringify([user_name, age, String(date_joined)]));
    }
    return [...people]
      .sort(([a], [b]) => a - b)
      .map(([year, all]) => [year, BigInt(count === "people" ? new Set(all).size : all.length)]);
  },

  median_followers_by_join_year: (tables: Tables, { from = 2015, to = 2020 }: Years = {}): AnswerRows => {
    const groups = new Map<number, bigint[]>();
    for (const [{ follower_count: followers }, { date_joined }] of joined(tables.pin, tables.user)) {
      const year = within(yearOf(date_joined), from, to);
      if (year !== null && followers !== null) group(groups, year, () => []).push(followers);
    }
    return [...groups].sort(([a], [b]) => a - b).map(([year, values]) => [year, median(values)]);
  },

  median_followers_by_join_year_and_age_group: (tables: Tables, { from = 2015, to = 2020 }: Years = {}): AnswerRows => {
    const groups = new Map<string, { label: string; year: number; values: bigint[] }>();
    for (const [{ follower_count: followers }, { date_joined, age }] of joined(tables.pin, tables.user)) {
      const year = within(yearOf(date_joined), from, to);
      const label = ageGroup(age);
      if (year === null || label === null || followers === null) continue;
      group(groups, `${label} ${year}`, () => ({ label, year, values: [] })).values.push(followers);
    }
    return [...groups.values()]
      .sort((a, b) => byAge(a.label, b.label) || a.year - b.year)
      .map(({ label, year, values }) => [label, year, median(values)]);
  },
} as const;

function joined<Other extends { readonly ind: bigint }>(
  pins: readonly Pin[],
  others: readonly Other[],
): [Pin, Other][] {
  const byKey = new Map(others.map((other) => [other.ind, other]));
  return pins.flatMap((pin) => {
    const other = byKey.get(pin.ind);
    return other === undefined ? [] : [[pin, other] as [Pin, Other]];
  });
}

/** Per group the places up to `top`, equal counts sharing a place or ordered by name. */
function topOfGroups<G extends string | number>(
  pairs: readonly (readonly [G | null, string | null])[],
  top: number | "all",
  ties: "all" | "first",
  compare: (a: G, b: G) => number,
): AnswerRows {
  const groups = new Map<G, Map<string, bigint>>();
  for (const [name, category] of pairs) {
    if (name === null || category === null) continue;
    const counts = group(groups, name, () => new Map<string, bigint>());
    counts.set(category, (counts.get(category) ?? 0n) + 1n);
  }
  return [...groups]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([name, counts]) => {
      const ordered = [...counts].sort(([a, n], [b, m]) => (n === m ? byText(a, b) : n > m ? -1 : 1));
      const place = ([, count]: [string, bigint], i: number) =>
        ties === "first" ? i + 1 : 1 + ordered.filter(([, other]) => other > count).length;
      return ordered
        .filter((entry, i) => top === "all" || place(entry, i) <= top)
        .map(([category, n]) => [name, category, n]);
    });
}

function group<K, V>(groups: Map<K, V>, key: K, empty: () => V): V {
  const found = groups.get(key) ?? empty();
  groups.set(key, found);
  return found;
}

const AGE_GROUPS: readonly (readonly [string, number, number])[] = [
  ["18-24", 18, 24],
  ["25-35", 25, 35],
  ["36-50", 36, 50],
  ["+50", 51, 150],
];

const ageGroup = (age: number | null): string | null =>
  AGE_GROUPS.find(([, low, high]) => age !== null && age >= low && age <= high)?.[0] ?? null;
const byAge = (a: string, b: string): number =>
  AGE_GROUPS.findIndex(([label]) => label === a) - AGE_GROUPS.findIndex(([label]) => label === b);
const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const first = <T>(items: readonly T[], ties: "all" | "first"): readonly T[] =>
  ties === "first" ? items.slice(0, 1) : items;
const maximum = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);

const yearOf = (micros: bigint | null): number | null =>
  micros === null ? null : new Date(Number(micros / 1000n - (micros % 1000n < 0n ? 1n : 0n))).getUTCFullYear();
const within = (year: number | null, from: number, to: number): number | null =>
  year !== null && year >= from && year <= to ? year : null;

/** The mean of the two middle values when there are two. */
function median(values: readonly bigint[]): number {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = sorted.length >> 1;
  const high = Number(sorted[middle]);
  return sorted.length % 2 === 1 ? high : (Number(sorted[middle - 1]) + high) / 2;
}
