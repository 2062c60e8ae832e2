import type { DatasetName } from "./reference/clean-record.ts";

/** A record acknowledged over HTTP: where, and what was sent. */
export interface Posted {
  readonly place: string;
  readonly json: string;
}

const KEYS = 40;

/** Values as clients send them: versions of a few keys that conflict, tombstones, and what goes to the quarantine. */
export function madeValue(of: DatasetName, random: () => number, version: number): unknown {
  const key = Math.floor(random() * KEYS);
  const day = `2020-0${1 + (version % 9)}-11 03:52:${10 + (version % 50)}`;
  const good = {
    pin: { index: key, unique_id: `id-${version}`, title: `version ${version}`, follower_count: `${version}k` },
    geo: {
      ind: key,
      country: `country ${version % 7}`,
      latitude: version % 90,
      longitude: -(version % 180),
      timestamp: day,
    },
    user: { ind: key, first_name: `name ${version}`, last_name: "x", age: version % 120, date_joined: day },
  }[of];
  const kind = random();
  if (kind < 0.8) return good;
  if (kind < 0.84) return null;
  if (kind < 0.86) return { value: good };
  if (kind < 0.88) return [good];
  if (kind < 0.9) return JSON.stringify(good);
  if (kind < 0.92) return 42;
  if (kind < 0.94) return { ...good, index: undefined, ind: undefined };
  if (kind < 0.96) return { ind: key, nothing: "known" };
  if (kind < 0.98) return { ind: key, country: "x", latitude: "far", longitude: 1, unique_id: " ", first_name: " " };
  return { ind: key, age: 151, first_name: "old", unique_id: "", timestamp: "2018" };
}
