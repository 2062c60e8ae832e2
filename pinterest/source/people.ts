import { apportion, type Draw, longTail } from "./draw.ts";
import * as shape from "./shape.ts";

export interface Person {
  readonly firstName: string;
  readonly lastName: string;
  readonly age: number;
  readonly joinedMs: number;
  readonly joinedYear: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly country: string;
}

export interface Post {
  readonly author: Person;
  readonly postedMs: number;
}

/** Who wrote what and when, in random order: every person has one place, and nobody posts before joining. */
export function makePosts(draw: Draw, rows: number): Post[] {
  const people = makePeople(draw, rows);
  const authors = draw.shuffled(people.flatMap(({ person, posts }) => Array.from({ length: posts }, () => person)));
  const yearsLeft = new Map<number, number[]>();
  for (const [joined, weights] of Object.entries(shape.POST_YEARS)) {
    const posts = authors.filter(({ joinedYear }) => joinedYear === Number(joined)).length;
    const years = apportion(posts, weights).flatMap((n, i) =>
      Array.from({ length: n }, () => shape.FIRST_POST_YEAR + i),
    );
    yearsLeft.set(Number(joined), draw.shuffled(years));
  }
  return authors.map((author) => {
    const year = yearsLeft.get(author.joinedYear)?.pop() ?? shape.FIRST_POST_YEAR;
    const [from, to] = withinYear(year, shape.POSTED_BETWEEN);
    return { author, postedMs: secondBetween(draw, Math.max(from, author.joinedMs), to) };
  });
}

function makePeople(draw: Draw, rows: number): { readonly person: Person; readonly posts: number }[] {
  const posts = apportion(
    rows,
    shape.PEOPLE.map((group) => group.posts),
  );
  const groups = shape.PEOPLE.map((group, i) => {
    const groupPosts = posts[i] ?? 0;
    const people = Math.min(groupPosts, Math.max(1, Math.round((group.people * groupPosts) / group.posts)));
    return longTail(draw, groupPosts, people).map((count) => ({ group, posts: count }));
  });
  const members = groups.flat().sort((a, b) => b.posts - a.posts);
  const countries = placeByCountry(
    draw,
    members.map((member) => member.posts),
    rows,
  );
  const known = new Set<string>();
  const names: (readonly [first: string, last: string])[] = [];
  return members.map(({ group, posts }, i) => {
    for (;;) {
      const name = drawName(draw, names);
      const age = group.ages[0] + draw.below(group.ages[1] - group.ages[0] + 1);
      const joinedMs = secondBetween(draw, ...withinYear(group.joined, shape.JOINED_BETWEEN));
      const identity = `${name.join(" ")}|${age}|${joinedMs}`;
      if (known.has(identity)) continue;
      known.add(identity);
      names.push(name);
      const [latitude, longitude] = [significant(draw.fraction() * 180 - 90), significant(draw.fraction() * 360 - 180)];
      const [firstName, lastName] = name;
      const country = countries[i] ?? "";
      return {
        person: { firstName, lastName, age, joinedMs, joinedYear: group.joined, latitude, longitude, country },
        posts,
      };
    }
  });
}

function drawName(draw: Draw, known: readonly (readonly [string, string])[]): readonly [string, string] {
  const shared = known.length > 0 && draw.fraction() * 100 < shape.SHARED_NAMES_PERCENT;
  return shared ? draw.pick(known) : [draw.faker.person.firstName(), draw.faker.person.lastName()];
}

/** A country for each person, so that every country gets exactly its posts: those with most posts choose first. */
function placeByCountry(draw: Draw, posts: readonly number[], rows: number): string[] {
  const sizes = apportion(rows, shape.COUNTRIES);
  const names = draw.shuffled(draw.faker.definitions.location.country ?? []).slice(0, sizes.length);
  return posts.map((count) => {
    let country = -1;
    let room = draw.fraction() * sizes.reduce((sum, size) => sum + (size >= count ? size : 0), 0);
    for (const [i, size] of sizes.entries()) {
      if (size < count) continue;
      country = i;
      room -= size;
      if (room < 0) break;
    }
    // In a small source a prolific person may fit nowhere: the largest country grows.
    if (country === -1) country = sizes.indexOf(Math.max(...sizes));
    sizes[country] = (sizes[country] ?? 0) - count;
    return names[country] ?? "";
  });
}

function withinYear(year: number, [first, last]: readonly [string, string]): [fromMs: number, toMs: number] {
  return [
    Math.max(Date.UTC(year, 0, 1), Date.parse(`${first}Z`)),
    Math.min(Date.UTC(year + 1, 0, 1) - 1000, Date.parse(`${last}Z`)),
  ];
}

/** A whole second, both ends included. */
function secondBetween(draw: Draw, fromMs: number, toMs: number): number {
  return fromMs + draw.below((toMs - fromMs) / 1000 + 1) * 1000;
}

const significant = (degrees: number) => Number(Number(degrees.toFixed(4)).toPrecision(6));
