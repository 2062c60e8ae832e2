/**
 * The cleaning contract in plain TypeScript, one record at a time. Shares no code with `src`, so that tests can recount
 * what the pipeline did.
 */
export type DatasetName = "pin" | "geo" | "user";

export interface Pin {
  readonly ind: bigint;
  readonly unique_id: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly follower_count: bigint | null;
  readonly poster_name: string | null;
  readonly tag_list: string | null;
  readonly is_image_or_video: string | null;
  readonly image_src: string | null;
  readonly save_location: string | null;
  readonly category: string | null;
}

export interface Geo {
  readonly ind: bigint;
  readonly country: string | null;
  readonly coordinates: readonly [number, number] | null;
  /** Microseconds since the epoch, as all instants here. */
  readonly timestamp: bigint | null;
}

export interface User {
  readonly ind: bigint;
  readonly user_name: string;
  readonly age: number | null;
  readonly date_joined: bigint | null;
}

export interface RowOf {
  readonly pin: Pin;
  readonly geo: Geo;
  readonly user: User;
}

export type Outcome<D extends DatasetName> =
  | { readonly kind: "tombstone" }
  | { readonly kind: "bad"; readonly reason: string }
  | { readonly kind: "row"; readonly row: RowOf[D] };

/** A JSON number, as it was written. */
class NumberText {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

const bad = (reason: string) => ({ kind: "bad", reason }) as const;

const keys: Record<DatasetName, readonly string[]> = {
  pin: ["index", "ind"],
  geo: ["ind", "index"],
  user: ["ind", "index"],
};
const ownFields: Record<DatasetName, readonly string[]> = {
  pin: [
    ..."unique_id title description poster_name follower_count tag_list is_image_or_video".split(" "),
    ..."image_src img_src downloaded save_location category".split(" "),
  ],
  geo: ["timestamp", "latitude", "longitude", "country"],
  user: ["first_name", "last_name", "age", "date_joined"],
};
const markers: Record<DatasetName, readonly string[]> = {
  pin: ["unique_id"],
  geo: ["latitude", "longitude"],
  user: ["first_name", "last_name"],
};

export function cleanRecord<D extends DatasetName>(dataset: D, value: Uint8Array | null): Outcome<D> {
  if (value === null) return { kind: "tombstone" };
  const parsed = parseBytes(value);
  if (parsed === undefined) return bad("not_json");
  const json = parsed.json;
  if (json === null) return { kind: "tombstone" };
  if (typeof json === "string") return bad(isEncoded(json) ? "encoded_value" : "not_an_object");
  if (Array.isArray(json)) return bad(json.some(isObject) ? "wrapped_value" : "not_an_object");
  if (!isObject(json)) return bad("not_an_object");
  const record = json as Readonly<Record<string, unknown>>;
  const field = (...names: readonly string[]): unknown =>
    names.map((name) => (Object.hasOwn(record, name) ? record[name] : null)).find((v) => v !== null) ?? null;
  const key = field(...keys[dataset]);
  const inner = field("value");
  if (isObject(key)) return bad("wrapped_value");
  if (key === null && (isObject(inner) || (Array.isArray(inner) && inner.some(isObject)))) return bad("wrapped_value");
  const others = (Object.keys(markers) as DatasetName[]).filter((name) => name !== dataset);
  if (field(...ownFields[dataset]) === null && field(...others.flatMap((name) => markers[name])) !== null)
    return bad("wrong_dataset");
  const ind = integer(textOf(key));
  if (ind === null) return bad("missing_key");
  const text = (...names: readonly string[]) => textOf(field(...names));
  const clean = cleaners[dataset](ind, text) as RowOf[D] | string;
  return typeof clean === "string" ? bad(clean) : { kind: "row", row: clean };
}

type Text = (...names: readonly string[]) => string | null;

/** A row, or the reason why there is none. */
const cleaners: { readonly [D in DatasetName]: (ind: bigint, text: Text) => RowOf[D] | string } = {
  pin(ind, text) {
    const uniqueId = text("unique_id");
    if (isBlank(uniqueId)) return "not_a_pin";
    const unless = (value: string | null, ...sentinels: readonly string[]) =>
      isBlank(value) || sentinels.includes(value as string) ? null : value;
    const location = text("save_location");
    return {
      ind,
      unique_id: uniqueId as string,
      title: unless(text("title"), "No Title Data Available", "Untitled"),
      description: unless(
        text("description"),
        "No description available Story format",
        "No description available",
        "Untitled",
      ),
      follower_count: count(text("follower_count")),
      poster_name: unless(text("poster_name"), "User Info Error"),
      tag_list: unless(text("tag_list"), "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"),
      is_image_or_video: unless(text("is_image_or_video")),
      image_src: unless(text("image_src", "img_src"), "Image src error."),
      save_location: unless(location?.startsWith("Local save in ") ? location.slice(14) : location),
      category: unless(text("category")),
    };
  },
  geo(ind, text) {
    const [country, latitude, longitude, timestamp] = ["country", "latitude", "longitude", "timestamp"].map((name) =>
      text(name),
    ) as [string | null, string | null, string | null, string | null];
    const unplaced = isBlank(latitude) || isBlank(longitude);
    if (isBlank(country) && unplaced && isBlank(timestamp)) return "not_a_geo";
    const pair = unplaced ? null : ([decimal(latitude as string), decimal(longitude as string)] as const);
    if (pair !== null && !(Math.abs(pair[0]) <= 90 && Math.abs(pair[1]) <= 180)) return "bad_coordinates";
    const at = isBlank(timestamp) ? null : instant(timestamp as string);
    if (at === undefined) return "bad_timestamp";
    return { ind, country: isBlank(country) ? null : country, coordinates: pair, timestamp: at };
  },
  user(ind, text) {
    const names = [text("first_name"), text("last_name")].filter((name) => !isBlank(name));
    if (names.length === 0) return "not_a_user";
    const ageText = text("age");
    const age = integer(ageText);
    if (ageText !== null && (age === null || age < 0n || age > 150n)) return "bad_age";
    const joined = text("date_joined");
    const at = isBlank(joined) ? null : instant(joined as string);
    if (at === undefined) return "bad_timestamp";
    return { ind, user_name: names.join(" "), age: age === null ? null : Number(age), date_joined: at };
  },
};

function parseBytes(bytes: Uint8Array): { readonly json: unknown } | undefined {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text).equals(bytes) ? parseJson(text) : undefined;
}

function parseJson(text: string): { readonly json: unknown } | undefined {
  let broken = false;
  const reviver = (key: string, value: unknown, context: { readonly source?: string }) => {
    if (!key.isWellFormed() || (typeof value === "string" && !value.isWellFormed())) broken = true;
    return typeof value === "number" ? new NumberText(context.source as string) : value;
  };
  try {
    const json: unknown = JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
    return broken ? undefined : { json };
  } catch {
    return undefined;
  }
}

function isEncoded(text: string): boolean {
  if (parseJson(text) !== undefined) return true;
  const digits = text
    .replace(/={1,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  if (digits === "" || /[^A-Za-z0-9+/]/.test(digits)) return false;
  if (/[+/]/.test(text) && /[-_]/.test(text)) return false;
  return digits.length % 4 !== 1 && parseBytes(Buffer.from(digits, "base64")) !== undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** The text that a field's value stands for: nested values as compact JSON. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : asJson(value);
}

function asJson(value: unknown): string {
  if (value instanceof NumberText) return value.source;
  if (Array.isArray(value)) return `[${value.map(asJson).join(",")}]`;
  if (isObject(value))
    return `{${Object.entries(value as object)
      .map(([key, item]) => `${JSON.stringify(key)}:${asJson(item)}`)
      .join(",")}}`;
  return JSON.stringify(value);
}

export function isBlank(text: string | null): boolean {
  return text === null || /^[\s\u0085]*$/.test(text);
}

export function integer(text: string | null): bigint | null {
  return text !== null && /^-?[0-9]{1,18}$/.test(text) ? BigInt(text) : null;
}

/** NaN for what is no number. */
function decimal(text: string): number {
  return /^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** A follower count; half a follower is one, exactly. */
export function count(text: string | null): bigint | null {
  const match = /^[\s\u0085]*([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:[.]([0-9]{1,6}))?([kmb]?)[\s\u0085]*$/i.exec(
    text ?? "",
  );
  if (match === null) return null;
  const [, whole = "", fraction = "", suffix = ""] = match;
  const scale = { "": 1n, k: 1_000n, m: 1_000_000n, b: 1_000_000_000n }[suffix.toLowerCase()] ?? 1n;
  const millionths = BigInt(whole.replaceAll(",", "") + fraction.padEnd(6, "0")) * scale;
  const rounded = (millionths + 500_000n) / 1_000_000n;
  return rounded <= 2n ** 53n ? rounded : null;
}

const INSTANT =
  /^(?:([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.]([0-9]+))?(Z|[+-][0-9]{2}:?[0-9]{2})?)?|([0-9]{4}):([0-9]{2}):([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.]([0-9]+))?(Z|[+-][0-9]{2}:?[0-9]{2})?)$/;

/** Microseconds since the epoch; undefined for what cannot be read. */
export function instant(text: string): bigint | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const parts = match[1] === undefined ? match.slice(9, 17) : match.slice(1, 9);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map((part) => Number(part ?? 0));
  const [fraction = "", zone = "Z"] = parts.slice(6);
  const date = new Date(Date.UTC(year, month - 1, day));
  if (year < 1900 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [zoneHours, zoneMinutes] = zone === "Z" ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (zoneMinutes > 59 || zoneHours * 60 + zoneMinutes > 18 * 60) return undefined;
  const zoneMs = (zoneHours * 60 + zoneMinutes) * 60_000 * (zone.startsWith("-") ? -1 : 1);
  const ms = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 - zoneMs;
  if (ms < Date.UTC(1900, 0, 1) || ms >= Date.UTC(10000, 0, 1)) return undefined;
  return BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}
