import type { Draw } from "./draw.ts";
import { capital } from "./posters.ts";
import type { DESCRIPTION_QUIRKS, TITLE_QUIRKS } from "./shape.ts";

const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  art: ["painting", "sketch", "watercolour", "portrait", "sculpture", "mural", "drawing", "collage"],
  beauty: ["eyeliner", "lipstick", "skincare routine", "manicure", "hairstyle", "face mask", "nail art", "perfume"],
  christmas: ["wreath", "tree", "ornament", "stocking", "garland", "gift wrap", "cookie tray", "candle"],
  "diy-and-crafts": ["paper craft", "crochet pattern", "quilt", "scrapbook", "macrame", "candle", "knitting", "mosaic"],
  education: [
    "lesson plan",
    "worksheet",
    "reading corner",
    "science project",
    "math game",
    "classroom",
    "spelling list",
  ],
  "event-planning": ["wedding", "birthday party", "baby shower", "centrepiece", "guest list", "invitation", "banquet"],
  finance: ["budget", "savings plan", "side hustle", "mortgage", "retirement", "grocery list", "debt payoff"],
  "home-decor": ["living room", "kitchen", "bathroom", "bookshelf", "fireplace", "lighting", "wallpaper", "porch"],
  "mens-fashion": ["suit", "sneakers", "overcoat", "beard", "watch", "denim", "blazer", "loafers"],
  quotes: ["quote", "saying", "poem", "affirmation", "proverb", "reminder", "motto", "verse"],
  tattoos: ["tattoo", "sleeve", "linework", "lettering", "mandala", "ankle tattoo", "cover-up", "tattoo sketch"],
  travel: ["itinerary", "packing list", "beach", "road trip", "hostel", "national park", "city guide", "cruise"],
  vehicles: ["motorcycle", "camper van", "sports car", "truck", "convertible", "engine", "electric car", "vintage car"],
};
const ACCENTS = ["café", "déjà vu", "fiancée", "rosé", "naïve", "Übung", "κόσμος", "весна", "ışık", "señorita"];
const EMOJI = ["🎄", "💅", "🏡", "✈️🌍", "🚗", "📚", "💍"];

export interface Texts {
  title(category: string, quirk: keyof typeof TITLE_QUIRKS | undefined): string;
  description(category: string, quirk: keyof typeof DESCRIPTION_QUIRKS | undefined): string;
  tags(category: string): string;
}

/** Words about a category, with what people and pages do to them. */
export function textsFrom(draw: Draw): Texts {
  const { adjective = [], noun = [], verb = [], adverb = [] } = draw.faker.definitions.word;
  const subject = (category: string) => draw.pick(SUBJECTS[category] ?? noun);
  const count = () => 5 + draw.below(45);

  const plainTitle = (category: string): string => {
    const about = capital(subject(category));
    switch (draw.below(5)) {
      case 0:
        return `${count()} ${capital(draw.pick(adjective))} ${about} Ideas for Your ${capital(draw.pick(noun))}`;
      case 1:
        return `How to ${capital(draw.pick(verb))} a ${capital(draw.pick(adjective))} ${about}`;
      case 2:
        return `${about}: the ${capital(draw.pick(adjective))} ${capital(draw.pick(noun))} Guide`;
      case 3:
        return `${capital(draw.pick(adjective))} ${about} to ${capital(draw.pick(verb))} This Year`;
      default:
        return `The Best ${about} for ${capital(draw.pick(adjective))} ${capital(draw.pick(noun))} Lovers - ${capital(draw.pick(noun))}`;
    }
  };
  const sentence = (category: string): string =>
    capital(
      `${draw.pick(adverb)} ${draw.pick(verb)} your ${draw.pick(noun)} with this ${draw.pick(adjective)} ${subject(category)} and ${draw.pick(verb)} the ${draw.pick(noun)}.`,
    );

  return {
    title(category, quirk) {
      const title = plainTitle(category);
      const space = title.indexOf(" ");
      switch (quirk) {
        case "empty":
          return "";
        case "untitled":
          return "Untitled";
        case "newline":
          return `${title.slice(0, space)}\n${title.slice(space + 1)}`;
        case "doubleSpace":
          return `${title.slice(0, space)} ${title.slice(space)}`;
        case "html":
          return `<p style="text-align: center;">${title}</p>`;
        case "backslash":
          return `${title} \\ ${draw.pick(noun)}`;
        case "mojibake":
          return `${title} ??`;
        case "quotes":
          return `"${title}"`;
        case "emoji":
          return `${title} ${draw.pick(EMOJI)}`;
        case "accents":
          return `${title} – ${draw.pick(ACCENTS)}`;
        default:
          return title;
      }
    },
    description(category, quirk) {
      const sentences = [sentence(category)];
      for (let left = draw.below(2); left > 0; left--) sentences.push(sentence(category));
      while (quirk === "cut" && sentences.join(" ").length < 179) sentences.push(sentence(category));
      const text = sentences.join(" ");
      switch (quirk) {
        case "cut":
          return `${text.slice(0, 178)}…\u00a0`;
        case "quotes":
          return `"${text}"`;
        case "emoji":
          return `${text} ${draw.pick(EMOJI)}`;
        case "accents":
          return `${text} ${draw.pick(ACCENTS)}`;
        default:
          return text;
      }
    },
    tags: (category) =>
      Array.from({ length: 9 }, () => capital(`${draw.pick(adjective)} ${subject(category)}`)).join(","),
  };
}
