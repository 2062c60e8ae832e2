import fc from "fast-check";
import type { DatasetName } from "./reference/clean-record.ts";

const fields: Record<DatasetName, readonly string[]> = {
  pin: [
    ..."index ind unique_id title description poster_name follower_count tag_list is_image_or_video".split(" "),
    ..."image_src img_src downloaded save_location category".split(" "),
  ],
  geo: ["ind", "index", "timestamp", "latitude", "longitude", "country"],
  user: ["ind", "index", "first_name", "last_name", "age", "date_joined"],
};
const foreign = ["unique_id", "latitude", "longitude", "first_name", "last_name", "value", "other"];

const spaces = ["", " ", "  ", "\t", "\n", "\u00a0", "\u2007", "\ufeff", "\u0085", "\u3000", "\u200b", "\r"];
const counts = [
  ..."842 124k 1.5k 1M 2.25M 1,234 0 4.0005k 4.0004k 4.0005K 1,23 12,345.678901K 9007199254740992 9007199254740993".split(
    " ",
  ),
  ..."9007199254740991.5 9007199254740992.5 9007199B 9007200B 9007199.254740b 00842 99999999999999999999 k .5 1. 0.5 1e3".split(
    " ",
  ),
  " 7 ",
  "\u00a07k\u00a0",
  "-5",
  "1 k",
  "User Info Error",
];
const times = [
  ..."2020-08-28T03:52:47 2020-08-28T03:52:47.000+0000 2020-08-28T03:52:47Z 2020-08-28 2018 12:00:00 2019-02-29".split(
    " ",
  ),
  ..."2020-02-29 1900-02-29 2000-02-29 2020-08-28T03:52:47.123456789+02:00 1899-12-31 1900-01-01 2020-13-01".split(" "),
  ..."9999-12-31T23:59:59.999999Z 9999-12-31T23:59:59-01:00 1900-01-01T00:30:00+01:00 2020-08-28T03:52:47-0530".split(
    " ",
  ),
  ..."2020-08-28T03:52 2020-08-28T03:52:47+19:00 2020-08-28T03:52:47+18:00 2020-08-28T03:52:47+1800".split(" "),
  ..."2020-08-28T03:52:60 2020-08-28T24:00:00 2020-08-28T03:52:47. 2020-08-28T03:52:47z 2020-00-10 2020-04-31".split(
    " ",
  ),
  "2020-08-28 03:52:47",
  "2020:08:28 03:52:47",
  "2020:08:28 03:52:47.5Z",
  "2020:08:28T03:52:47",
  "2020:08-28 03:52:47",
  " 2020-08-28",
  "2020-08-28 ",
  "2020-08-28 03:52:47.1234567",
  "1969-12-31 23:59:59.999999",
  "10000-01-01 00:00:00",
];
const numbers = [
  ..."0 -0 7 7.0 -7 1e2 1E2 1.10 0.1e1 1e20 1e400 12345678901234567890 123456789012345678 1234567890123456789".split(
    " ",
  ),
  ..."-89.9787 90 90.0001 180 -180.5 0.0000001 100000000000000000000.0 3.14159265358979323846 20 150 151 -1".split(" "),
];
const words = [
  ..."Untitled No_Title Albania Maya NaN Infinity null true +5 ٣ 007 x' \\ \" {} [] é 🐟 \u0000 \u2028 a\u0001b".split(
    " ",
  ),
  "No Title Data Available",
  "No description available",
  "No description available Story format",
  "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e",
  "Image src error.",
  "Local save in /data/art",
  "Local save in ",
  "local save in /data",
  "Cote d'Ivoire",
  '"quoted", {"a":1,}',
  "-12.5",
  "+12.5",
  "12.",
  ".5",
  "1e1",
  " 5",
  "91",
];

const text = fc.oneof(
  fc.constantFrom(...spaces, ...counts, ...times, ...words, ...numbers),
  fc.string({ unit: "binary", maxLength: 12 }),
);
/** The JSON text of a field's value. */
const source = fc.oneof(
  { weight: 8, arbitrary: text.map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: fc.constantFrom(...numbers) },
  { weight: 2, arbitrary: fc.constant("null") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "true",
      "false",
      "{}",
      "[]",
      '{"a": [1.50, "x y"]}',
      "[ 1 , 2 ]",
      '"\\ud83d\\ude00\\u0041\\/"',
    ),
  },
);
const keySource = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 20 }).map(String) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20 }).map((key) => `"${key}"`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '""',
      "7.0",
      "-0",
      '"-5"',
      "null",
      '{"index":1}',
      "[1]",
      '"x"',
      "1e1",
      "1234567890123456789",
    ),
  },
);

const separators = fc.constantFrom(["", ""], ["", ""], ["", ""], [" ", ""], ["", " "], ["\t", " "], [" ", "\r"]);

function members(of: DatasetName, plausible: boolean): fc.Arbitrary<string> {
  const names = plausible ? fields[of] : [...fields[of], ...foreign];
  const member = fc
    .constantFrom(...names)
    .chain((name) => fc.tuple(fc.constant(name), name === "index" || name === "ind" ? keySource : source));
  const key = keySource.map((value): [string, string] => [of === "pin" ? "index" : "ind", value]);
  const list = plausible
    ? fc.tuple(key, fc.array(member, { maxLength: 8 })).map(([first, rest]) => [first, ...rest])
    : fc.array(member, { maxLength: 8 });
  return fc.tuple(list, separators).map(([pairs, [before = "", after = ""]]) => {
    const inner = pairs.map(([name, value]) => `${before}"${name}"${after}:${before}${value}${after}`).join(",");
    return `{${inner}}`;
  });
}

const utf8 = (line: string): Uint8Array => Buffer.from(line);

const usual: Readonly<Record<string, readonly string[]>> = {
  unique_id: ['"a"', '"b-1"'],
  timestamp: times.map((time) => JSON.stringify(time)).slice(0, 2),
  latitude: ["-89.9787", '"12.50"', "1e1", "7.0"],
  longitude: ["-173.293", "0.10"],
  first_name: ['"Maya"'],
  age: ["20", '"20"'],
};

/** JSON objects of a dataset, each field once, most of them usable, whose fields hold anything. */
export function wellFormedRecord(of: DatasetName): fc.Arbitrary<Uint8Array> {
  const [key = "", , ...others] = of === "pin" ? ["index", ...fields.pin.slice(1)] : fields[of];
  const member = (name: string) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...(usual[name] ?? ['"Some words"', '"124k"', '"https://x/y"'])) },
      { weight: usual[name] === undefined ? 3 : 0, arbitrary: source },
      { weight: 1, arbitrary: fc.constant(undefined) },
    );
  const values = fc.tuple(keySource, ...others.map(member));
  return values.map((sources) => {
    const pairs = [key, ...others]
      .map((name, i) => [name, sources[i]] as const)
      .filter(([, value]) => value !== undefined);
    return utf8(`{${pairs.map(([name, value]) => `"${name}":${value}`).join(",")}}`);
  });
}

/** Records of a dataset with everything that was ever seen go wrong, as bytes; never a line feed outside strings. */
export function dirtyRecord(of: DatasetName): fc.Arbitrary<Uint8Array | null> {
  const plausible = members(of, true);
  const odd = members(of, false);
  const broken = fc
    .constantFrom(
      ...'x 5 -1 true nul [] [1] {} {a:1} \'x\' {"ind":1,} {"ind":NaN} {"ind":1}x {"ind":1}{"ind":2} { [ {"ind" "'.split(
        " ",
      ),
      "",
      " ",
      "null",
      " null ",
      '"null"',
      '"x"',
      '"5"',
      '{"ind":1, }',
      '{"ind":1,"other":[1,],"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":1,"other":nan,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":1,"other":-Infinity,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":1,"unique_id":"\\ud800","country":"\\udc00","first_name":"\\ud800x"}',
      '{"ind":1,"\\ud800":1,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":01,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":+1,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":1,"unique_id":"a\tb","country":"a\tb","first_name":"a\tb"}',
      '\ufeff{"ind":1,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":1,"unique_id":"a","country":"a","first_name":"a"}\r',
      '{"ind":1/**/,"unique_id":"a","country":"a","first_name":"a"}',
      '{"IND":1,"Index":2,"unique_id":"a","country":"a","first_name":"a"}',
      '{"ind":1,"partitionKey":"p","value":{"ind":2,"unique_id":"a","country":"a","first_name":"a"}}',
      '{"\\u0069nd":1,"unique_id":"a","country":"a","first_name":"a"}',
    )
    .map(utf8);
  return fc.oneof(
    { weight: 20, arbitrary: plausible.map(utf8) },
    { weight: 6, arbitrary: odd.map(utf8) },
    { weight: 1, arbitrary: plausible.map((inner) => utf8(`{"value":${inner}}`)) },
    { weight: 1, arbitrary: plausible.map((inner) => utf8(`[${inner}]`)) },
    { weight: 1, arbitrary: plausible.map((inner) => utf8(JSON.stringify(inner))) },
    { weight: 1, arbitrary: plausible.map((inner) => utf8(JSON.stringify(Buffer.from(inner).toString("base64")))) },
    { weight: 1, arbitrary: plausible.map((inner) => utf8(Buffer.from(inner).toString("base64url"))) },
    { weight: 1, arbitrary: plausible.map((inner) => Buffer.concat([utf8(inner), Buffer.from([0xff])])) },
    {
      weight: 1,
      arbitrary: plausible.map((inner) => Buffer.concat([Buffer.from('{"o":"\xff",', "latin1"), utf8(inner.slice(1))])),
    },
    { weight: 3, arbitrary: broken },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}
