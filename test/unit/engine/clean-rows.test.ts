import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CleaningWorld, cleaningWorld } from "../../support/cleaning-world.ts";

let world: CleaningWorld;
beforeAll(async () => {
  world = await cleaningWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const pin = (fields: object) => world.cleanOne("pin", { index: 1, unique_id: "a", ...fields });
const geo = (fields: object) => world.cleanOne("geo", { ind: 1, country: "Aruba", ...fields });
const user = (fields: object) => world.cleanOne("user", { ind: 1, first_name: "Ada", ...fields });

describe("a pin", () => {
  it("keeps texts byte for byte", async () => {
    const title = " <p>two  spaces\nnewline \\ \" '  \u00a0";
    expect(await pin({ title, poster_name: "Nicki " })).toMatchObject({ title, poster_name: "Nicki " });
  });

  it("has NULL where the source said that there is nothing, and only for the whole value", async () => {
    const nothing = {
      title: "No Title Data Available",
      description: "No description available Story format",
      poster_name: "User Info Error",
      follower_count: "User Info Error",
      tag_list: "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e",
      image_src: "Image src error.",
      is_image_or_video: "",
      save_location: "Local save in ",
      category: "\u00a0",
    };
    const row = await pin(nothing);
    for (const column of Object.keys(nothing)) expect(row[column], column).toBeNull();
    for (const [column, text] of [
      ["title", "Untitled"],
      ["description", "Untitled"],
      ["description", "No description available"],
      ["title", " \u00a0\t"],
    ] as const)
      expect((await pin({ [column]: text }))[column], text).toBeNull();
    for (const [column, text] of [
      ["title", "No Title Data Available."],
      ["title", "untitled"],
      ["image_src", "Image src error"],
      ["poster_name", "Untitled"],
      ["title", "User Info Error"],
    ] as const)
      expect((await pin({ [column]: text }))[column], text).toBe(text);
  });

  it.each([
    ["842", 842n],
    ["124k", 124_000n],
    ["124K", 124_000n],
    ["1.5k", 1500n],
    ["1M", 1_000_000n],
    ["1m", 1_000_000n],
    ["2.25M", 2_250_000n],
    ["1B", 1_000_000_000n],
    ["1,234", 1234n],
    ["12,345,678", 12_345_678n],
    ["0", 0n],
    ["007", 7n],
    [" 9k\u00a0", 9000n],
    ["0.5", 1n],
    ["0.4", 0n],
    ["4.0004k", 4000n],
    ["4.0005k", 4001n],
    ["2.499999", 2n],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740992.4", 9007199254740992n],
    ["9007199254740993", null],
    ["9007199254740992.5", null],
    ["9007200B", null],
    ["99999999999999999999999999", null],
    ["1,23", null],
    ["1234,567", null],
    ["1.", null],
    [".5", null],
    ["1.1234567", null],
    ["1e3", null],
    ["-5", null],
    ["+5", null],
    ["5 k", null],
    ["5kk", null],
    ["٣", null],
    ["many", null],
    ["", null],
    [842, 842n],
  ])("reads the follower count %j as %s", async (text, expected) => {
    expect((await pin({ follower_count: text })).follower_count).toBe(expected);
  });

  it("is counted when its follower count cannot be read, and stays", async () => {
    const record = (follower_count: unknown) => JSON.stringify({ index: 1, unique_id: "a", follower_count });
    const { counts } = await world.clean(
      "pin",
      ["many", "User Info Error", "", null, "5k", "9007199254740993"].map(record),
    );
    expect(counts).toMatchObject({ rows: 6, quarantined: 0, warnings: { unreadable_follower_count: 2 } });
  });

  it("loses the words before its save location", async () => {
    expect(await pin({ save_location: "Local save in /data/mens-fashion" })).toMatchObject({
      save_location: "/data/mens-fashion",
    });
    expect(await pin({ save_location: "/data/x Local save in " })).toMatchObject({
      save_location: "/data/x Local save in ",
    });
  });

  it("takes other spellings, its own first", async () => {
    expect(await world.cleanOne("pin", { ind: "7", unique_id: "a", img_src: "i" })).toMatchObject({
      ind: 7n,
      image_src: "i",
    });
    expect(
      await world.cleanOne("pin", { ind: 1, index: 2, unique_id: "a", img_src: "x", image_src: "y" }),
    ).toMatchObject({
      ind: 2n,
      image_src: "y",
    });
    expect(await world.cleanOne("geo", { ind: 1, index: 2, country: "x" })).toMatchObject({ ind: 1n });
    expect(await world.cleanOne("user", { index: 2, last_name: "x" })).toMatchObject({ ind: 2n });
  });

  it("carries where it came from, after the columns in their order", async () => {
    expect(Object.keys(await pin({}))).toEqual(
      "ind unique_id title description follower_count poster_name tag_list is_image_or_video image_src save_location category _topic _partition _offset".split(
        " ",
      ),
    );
  });
});

describe("a geo", () => {
  const micros = (iso: string, fraction = 0n) => BigInt(Date.parse(iso)) * 1000n + fraction;

  it.each([
    ["2018-03-01 09:08:07", micros("2018-03-01T09:08:07Z")],
    ["2018-03-01T09:08:07", micros("2018-03-01T09:08:07Z")],
    ["2018-03-01T09:08:07.000+0000", micros("2018-03-01T09:08:07Z")],
    ["2018-03-01T09:08:07Z", micros("2018-03-01T09:08:07Z")],
    ["2018:03:01 09:08:07", micros("2018-03-01T09:08:07Z")],
    ["2018-03-01", micros("2018-03-01T00:00:00Z")],
    ["2018-03-01 09:08:07.1", micros("2018-03-01T09:08:07Z", 100_000n)],
    ["2018-03-01 09:08:07.1234569", micros("2018-03-01T09:08:07Z", 123_456n)],
    ["2018-03-01T09:08:07+02:00", micros("2018-03-01T07:08:07Z")],
    ["2018-03-01T09:08:07-0530", micros("2018-03-01T14:38:07Z")],
    ["2020-02-29 00:00:00", micros("2020-02-29T00:00:00Z")],
    ["1900-01-01", micros("1900-01-01T00:00:00Z")],
    ["9999-12-31 23:59:59.999999", micros("9999-12-31T23:59:59Z", 999_999n)],
    ["1969-12-31 23:59:59.999999", -1n],
    ["", null],
    [" \u00a0", null],
    [null, null],
  ])("reads the timestamp %j", async (text, expected) => {
    expect((await geo({ timestamp: text })).timestamp).toBe(expected);
  });

  it.each([
    "2018",
    "12:00:00",
    "2018-03-01 24:00:00",
    "2018-03-01 09:60:00",
    "2018-03-01 09:00:60",
    "2018-03-01 09:08",
    "2019-02-29",
    "1900-02-29",
    "2018-13-01",
    "2018-00-01",
    "2018-03-00",
    "1899-12-31",
    "10000-01-01",
    "2018-03-01Z",
    "2018-03-01T09:08:07+25:00",
    "2018:03:01T09:08:07",
    "2018-03:01 09:08:07",
    " 2018-03-01",
    "01/03/2018",
    "yesterday",
    2018,
    true,
  ])("is quarantined with the timestamp %j", async (timestamp) => {
    expect(await geo({ timestamp })).toEqual({ reason: "bad_timestamp" });
  });

  it.each([
    [-89.9787, -173.293, [-89.9787, -173.293]],
    ["12.5", "1e1", [12.5, 10]],
    [90, -180, [90, -180]],
    [null, 1, null],
    [1, undefined, null],
    ["", 1, null],
    [1, "\u00a0", null],
    ["abc", null, null],
  ])("has the coordinates of %j, %j", async (latitude, longitude, expected) => {
    expect((await geo({ latitude, longitude })).coordinates).toEqual(expected);
  });

  it.each([
    [90.0001, 0],
    [0, -180.01],
    ["abc", 1],
    [1, "1,5"],
    ["1e400", 1],
    [" 5", 1],
    [true, 1],
  ])("is quarantined with the coordinates %j, %j", async (latitude, longitude) => {
    expect(await geo({ latitude, longitude })).toEqual({ reason: "bad_coordinates" });
  });
});

describe("a user", () => {
  it.each([
    ["Ada", "Byron", "Ada Byron"],
    ["Ada", null, "Ada"],
    ["", "Byron", "Byron"],
    [" Ada", "Byron ", " Ada Byron "],
  ])("named %j %j is %j", async (first_name, last_name, expected) => {
    expect(await user({ first_name, last_name })).toMatchObject({ user_name: expected });
  });

  it.each([
    [0, 0],
    [150, 150],
    ["20", 20],
    [null, null],
  ])("of age %j is %j", async (age, expected) => {
    expect(await user({ age })).toMatchObject({ age: expected });
  });

  it.each([-1, 151, 20.5, "20.0", "", "old", 99999999999, "99999999999999999999"])(
    "is quarantined with the age %j",
    async (age) => {
      expect(await user({ age })).toEqual({ reason: "bad_age" });
    },
  );
});
