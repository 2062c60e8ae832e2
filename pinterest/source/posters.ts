import { type Draw, longTail } from "./draw.ts";
import * as shape from "./shape.ts";

export interface Poster {
  readonly name: string;
  /** As the site shows it: `842`, `124k`, `2M`. */
  readonly followers: string;
}

/** A poster for each of so many posts, in random order; few have very many posts. */
export function makePosters(draw: Draw, posts: number): Poster[] {
  if (posts === 0) return [];
  const count = Math.max(1, Math.round((posts * shape.POSTERS_PERCENT) / 100));
  const sizes = longTail(draw, posts, count);
  // Those with many posts are neither unknown nor the most famous, so that none of them alone tips the scale's ends.
  const ranked = sizes
    .map((size) => ({ size, rank: size > 3 ? 0.4 + 0.45 * draw.fraction() : draw.fraction() }))
    .sort((a, b) => a.rank - b.rank);
  const singles = ranked.flatMap(({ size }, i) => (size === 1 ? [i] : []));
  const quirks = new Map<number, keyof typeof shape.POSTER_QUIRKS>();
  const quirky = draw.shuffled(singles);
  for (const [quirk, percent] of Object.entries(shape.POSTER_QUIRKS))
    for (const i of quirky.splice(0, Math.round((posts * percent) / 100)))
      quirks.set(i, quirk as keyof typeof shape.POSTER_QUIRKS);

  const taken = new Set<string>();
  let before = 0;
  const posters = ranked.flatMap(({ size }, i) => {
    const fraction = (before + size / 2) / posts;
    before += size;
    let name = quirkyName(draw, quirks.get(i));
    while (taken.has(name) && name.length > 1) name = quirkyName(draw, quirks.get(i));
    taken.add(name);
    const poster = { name, followers: followersAt(fraction) };
    return Array.from({ length: size }, () => poster);
  });
  return draw.shuffled(posters);
}

function quirkyName(draw: Draw, quirk: keyof typeof shape.POSTER_QUIRKS | undefined): string {
  const name = posterName(draw);
  if (quirk === "blanks") return draw.fraction() < 0.8 ? `${name} ` : ` ${name}`;
  if (quirk === "oneCharacter") return name.slice(0, 1);
  if (quirk === "emoji") return `${name} ${draw.pick(["🌸", "✨🌙", "🎨", "💡"])}`;
  if (quirk === "accents") return `${draw.pick(["Café", "Zoë", "Ελένη", "Çiğdem", "Марина", "Señora"])} ${name}`;
  return name;
}

function posterName(draw: Draw): string {
  const { faker } = draw;
  const word = (list: readonly string[]) => capital(draw.pick(list));
  const { adjective = [], noun = [] } = faker.definitions.word;
  switch (draw.below(5)) {
    case 0:
      return faker.person.firstName();
    case 1:
      return `${faker.person.firstName()} ${faker.person.lastName()}`;
    case 2:
      return `The ${word(adjective)} ${word(noun)}`;
    case 3:
      return `${word(noun)} & ${word(noun)} | ${word(adjective)} Living`;
    default:
      return `${faker.person.lastName()} ${word(noun)}`;
  }
}

export const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);

function followersAt(fraction: number): string {
  const points = shape.FOLLOWERS;
  const above = points.findIndex(([at]) => fraction <= at);
  const [upper, lower] = [points[above] ?? points.at(-1), points[above - 1]];
  if (upper === undefined || lower === undefined) return "0";
  const t = (fraction - lower[0]) / (upper[0] - lower[0]);
  const followers = Math.round(lower[1] * (upper[1] / lower[1]) ** t);
  if (followers < 1000) return String(followers);
  return followers < 1_000_000 ? `${Math.floor(followers / 1000)}k` : `${Math.floor(followers / 1_000_000)}M`;
}
