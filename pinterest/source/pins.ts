import type { SourceRow } from "pinlake";
import { apportion, type Draw } from "./draw.ts";
import { makePosters } from "./posters.ts";
import * as shape from "./shape.ts";
import { textsFrom } from "./texts.ts";

type Kind = keyof typeof shape.KINDS;

/** Rows of pinterest_data, as dirty as the original's and in the same proportions. */
export function* makePins(draw: Draw, rows: number): Generator<SourceRow> {
  const texts = textsFrom(draw);
  const kinds = dealKinds(draw, rows);
  const titleQuirks = dealQuirks(draw, kinds, shape.TITLE_QUIRKS, (kind) => kind !== "gone");
  const descriptionQuirks = dealQuirks(draw, kinds, shape.DESCRIPTION_QUIRKS, isDescribed);
  const posters = makePosters(draw, kinds.filter((kind) => kind !== "gone").length);
  const categories = apportion(
    rows,
    shape.CATEGORIES.map(([, posts]) => posts),
  ).flatMap((posts, i) => Array.from({ length: posts }, () => shape.CATEGORIES[i]?.[0] ?? ""));

  for (const [index, kind] of kinds.entries()) {
    const category = categories[index] ?? "";
    const gone = kind === "gone";
    const poster = gone ? undefined : posters.pop();
    const withImage = !gone && kind !== "storyWithoutImage";
    yield {
      index,
      unique_id: draw.faker.string.uuid(),
      title: gone ? "No Title Data Available" : texts.title(category, titleQuirks[index]),
      description: describe(kind) ?? texts.description(category, descriptionQuirks[index]),
      poster_name: poster?.name ?? "User Info Error",
      follower_count: poster?.followers ?? "User Info Error",
      tag_list: gone || kind === "untagged" ? "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e" : texts.tags(category),
      is_image_or_video: mediaOf(kind),
      image_src: withImage ? imageUrl(draw) : "Image src error.",
      downloaded: withImage ? 1 : 0,
      save_location: `Local save in /data/${category}`,
      category,
    };
  }
}

function dealKinds(draw: Draw, rows: number): Kind[] {
  const counts = apportion(rows, Object.values(shape.KINDS));
  const kinds = Object.keys(shape.KINDS) as Kind[];
  return draw.shuffled(kinds.flatMap((kind, i) => Array.from({ length: counts[i] ?? 0 }, () => kind)));
}

/** So many rows of each hundred get a quirk, among those that can have one; no row gets two. */
function dealQuirks<Q extends string>(
  draw: Draw,
  kinds: readonly Kind[],
  percents: Readonly<Record<Q, number>>,
  may: (kind: Kind) => boolean,
): readonly (Q | undefined)[] {
  const free = draw.shuffled(kinds.flatMap((kind, index) => (may(kind) ? [index] : [])));
  const dealt: (Q | undefined)[] = kinds.map(() => undefined);
  for (const [quirk, percent] of Object.entries(percents) as [Q, number][])
    for (const index of free.splice(0, Math.round((kinds.length * percent) / 100))) dealt[index] = quirk;
  return dealt;
}

const isDescribed = (kind: Kind) => describe(kind) === undefined;

function describe(kind: Kind): string | undefined {
  if (kind === "gone" || kind === "story" || kind === "storyWithoutImage")
    return "No description available Story format";
  if (kind === "undescribed") return "No description available";
  return kind === "untitledDescription" ? "Untitled" : undefined;
}

function mediaOf(kind: Kind): string {
  if (kind === "video") return "video";
  return kind === "gone" || kind === "story" || kind === "storyWithoutImage"
    ? "multi-video(story page format)"
    : "image";
}

function imageUrl(draw: Draw): string {
  const word = () =>
    draw
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0");
  const name = word() + word() + word() + word();
  return `https://i.pinimg.com/originals/${name.slice(0, 2)}/${name.slice(2, 4)}/${name.slice(4, 6)}/${name}.jpg`;
}
