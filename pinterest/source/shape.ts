/** Figures counted over the original database: how much of what there is, and nothing of what it says. */

export const ROWS = 11_154;

/** Posts per category; each category is one block of rising keys. */
export const CATEGORIES: readonly (readonly [category: string, posts: number])[] = [
  ["art", 892],
  ["beauty", 745],
  ["christmas", 1000],
  ["diy-and-crafts", 830],
  ["education", 863],
  ["event-planning", 747],
  ["finance", 787],
  ["home-decor", 861],
  ["mens-fashion", 852],
  ["quotes", 910],
  ["tattoos", 970],
  ["travel", 859],
  ["vehicles", 838],
];

/** People and their posts, by the year they joined and their age. */
export const PEOPLE: readonly {
  readonly joined: number;
  readonly ages: readonly [youngest: number, oldest: number];
  readonly people: number;
  readonly posts: number;
}[] = [
  { joined: 2015, ages: [20, 24], people: 261, posts: 3202 },
  { joined: 2015, ages: [25, 35], people: 271, posts: 844 },
  { joined: 2015, ages: [36, 50], people: 226, posts: 370 },
  { joined: 2015, ages: [51, 60], people: 83, posts: 91 },
  { joined: 2016, ages: [20, 24], people: 523, posts: 1442 },
  { joined: 2016, ages: [25, 35], people: 846, posts: 1629 },
  { joined: 2016, ages: [36, 50], people: 895, posts: 1198 },
  { joined: 2016, ages: [51, 60], people: 496, posts: 522 },
  { joined: 2017, ages: [20, 24], people: 226, posts: 272 },
  { joined: 2017, ages: [25, 35], people: 474, posts: 532 },
  { joined: 2017, ages: [36, 50], people: 621, posts: 657 },
  { joined: 2017, ages: [51, 60], people: 385, posts: 395 },
];

/** Of those who joined in a year: their posts per year, from FIRST_POST_YEAR on. */
export const POST_YEARS: Readonly<Record<number, readonly number[]>> = {
  2015: [176, 917, 856, 881, 930, 747],
  2016: [184, 1007, 948, 945, 932, 775],
  2017: [72, 392, 388, 346, 346, 312],
};
export const FIRST_POST_YEAR = 2017;

export const JOINED_BETWEEN = ["2015-10-21 03:17:47", "2017-10-20 10:44:26"] as const;
export const POSTED_BETWEEN = ["2017-10-19 15:13:42", "2022-10-19 17:54:26"] as const;

/** How many of a hundred people have a name that somebody else has as well. */
export const SHARED_NAMES_PERCENT = 4.3;

/** Posts per country, falling. */
export const COUNTRIES: readonly number[] = [
  563, 487, 427, 346, 317, 232, 232, 171, 171, 160, 159, 144, 135, 134, 134, 124, 109, 105, 104, 95, 89, 89, 87, 86, 85,
  84, 84, 82, 80, 77, 74, 72, 69, 68, 68, 65, 64, 62, 61, 61, 58, 57, 56, 56, 56, 55, 54, 53, 52, 51, 51, 50, 49, 48,
  47, 47, 44, 44, 43, 43, 42, 42, 42, 42, 41, 41, 41, 40, 40, 40, 40, 40, 40, 40, 37, 37, 36, 36, 36, 35, 35, 35, 34,
  34, 33, 33, 33, 32, 32, 32, 32, 32, 32, 32, 31, 31, 30, 30, 30, 30, 29, 29, 29, 29, 29, 29, 29, 28, 28, 28, 28, 28,
  28, 27, 27, 27, 27, 27, 27, 26, 26, 26, 26, 26, 26, 26, 26, 25, 25, 25, 25, 25, 25, 25, 25, 24, 24, 24, 24, 24, 24,
  24, 23, 23, 23, 23, 23, 23, 23, 23, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 21, 21, 21, 21, 21, 21, 21, 21, 21, 20,
  20, 20, 20, 20, 20, 20, 20, 20, 19, 19, 19, 19, 19, 19, 18, 18, 18, 18, 18, 18, 18, 18, 18, 17, 17, 17, 17, 17, 17,
  17, 17, 17, 17, 17, 17, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 15, 15, 14, 14, 14, 14, 13, 13, 13, 13, 12,
  12, 12, 12, 12, 11, 11, 10, 10, 10, 9, 9, 9, 9, 8, 5,
];

/** Posts per hundred. `gone` has a sentinel in every field; `story` has no description and several pages. */
export const KINDS = {
  gone: 0.72,
  story: 4.7,
  storyWithoutImage: 1.46,
  video: 2.98,
  undescribed: 1.57,
  untitledDescription: 0.05,
  untagged: 0.62,
  plain: 87.9,
} as const;

/** Titles, posters and descriptions per hundred that have this about them. */
export const TITLE_QUIRKS = {
  empty: 0.04,
  untitled: 0.05,
  newline: 0.2,
  doubleSpace: 1.6,
  html: 0.1,
  backslash: 0.05,
  mojibake: 0.1,
  quotes: 0.95,
  emoji: 0.9,
  accents: 9,
} as const;
export const DESCRIPTION_QUIRKS = { cut: 37, quotes: 2, emoji: 0.75, accents: 5.2 } as const;
export const POSTER_QUIRKS = { blanks: 1.73, oneCharacter: 0.18, emoji: 0.19, accents: 2.1 } as const;

/** Of a hundred posts, how many different posters there are. */
export const POSTERS_PERCENT = 48;

/** Followers of a post's poster: at this fraction of all posts, so many; between two points on a straight line of logarithms. */
export const FOLLOWERS: readonly (readonly [fraction: number, followers: number])[] = [
  [0.0058, 1],
  [0.05, 27],
  [0.1, 184],
  [0.15, 521],
  [0.18, 999],
  [0.2, 1100],
  [0.3, 6000],
  [0.4, 15_000],
  [0.5, 31_000],
  [0.6, 60_000],
  [0.7, 132_000],
  [0.8, 383_000],
  [0.9, 942_000],
  [0.9235, 999_999],
  [0.95, 2_000_000],
  [0.99, 5_000_000],
  [1, 15_000_000],
];
