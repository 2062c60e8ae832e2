/** Posts as the emulator sends them, small but of the original's shape: the same number gives the same post. */
import { NO_HEADERS } from "../src/record.ts";
import { pin } from "./pins.ts";

const countries = ["Albania", "Armenia", "Aruba", "Bulgaria", "Cocos (Keeling) Islands", "Isle of Man", "Jamaica"];
const names = ["Ada", "Chinua", "Dmitri", "Grace", "Ingrid", "Kofi", "Mei", "Noor", "Yusuf"];

const two = (n: number) => String(n).padStart(2, "0");
const instant = (i: number, firstYear: number, years: number) =>
  `${firstYear + (i % years)}-${two(1 + (i % 12))}-${two(1 + (i % 28))}T${two(i % 24)}:${two(i % 60)}:${two((i * 7) % 60)}`;

const geo = (i: number) => ({
  ind: i,
  timestamp: instant(i, 2018, 5),
  latitude: ((i * 37) % 18_000) / 100 - 90,
  longitude: ((i * 61) % 36_000) / 100 - 180,
  country: countries[i % countries.length],
});

const user = (i: number) => ({
  ind: i,
  first_name: names[i % names.length],
  last_name: names[(i * 5 + 3) % names.length],
  age: 18 + (i % 60),
  date_joined: instant(i, 2015, 3),
});

/** By dataset. */
const posts = { pin, geo, user } as const;

/** Records `first` to `first + count` of a dataset, ready to be appended. */
export const postRecords = (dataset: string, first: number, count: number) =>
  Array.from({ length: count }, (_, k) => ({
    key: null,
    value: Buffer.from(JSON.stringify(posts[dataset as keyof typeof posts](first + k))),
    headers: NO_HEADERS,
    timestampMs: 0,
  }));
