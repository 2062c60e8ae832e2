import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CleaningWorld, cleaningWorld } from "../../support/cleaning-world.ts";

let world: CleaningWorld;
beforeAll(async () => {
  world = await cleaningWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe("a record that is no row", () => {
  const row = '{"index":1,"unique_id":"a"}';

  it.each([
    ["pin", "x", "not_json"],
    ["pin", "", "not_json"],
    ["pin", '{"index":1,}', "not_json"],
    ["pin", "{'index':1}", "not_json"],
    ["pin", '{"index":NaN}', "not_json"],
    ["pin", `${row}${row}`, "not_json"],
    ["pin", '{"index":1,"unique_id":"\\ud800"}', "not_json"],
    ["pin", Buffer.from([0xff]), "not_json"],
    ["pin", Buffer.from(row).toString("base64"), "not_json"],
    ["pin", JSON.stringify(row), "encoded_value"],
    ["pin", JSON.stringify(JSON.stringify(row)), "encoded_value"],
    ["pin", JSON.stringify(Buffer.from(row).toString("base64")), "encoded_value"],
    ["pin", JSON.stringify(Buffer.from(row).toString("base64url")), "encoded_value"],
    ["pin", `{"value":${row}}`, "wrapped_value"],
    ["pin", `[{"value":${row}}]`, "wrapped_value"],
    ["pin", `{"index":${row}}`, "wrapped_value"],
    ["pin", `{"ind":${row},"unique_id":"a"}`, "wrapped_value"],
    ["pin", `[${row}]`, "wrapped_value"],
    ["pin", "5", "not_an_object"],
    ["pin", "[]", "not_an_object"],
    ["pin", '"hello, world"', "not_an_object"],
    ["pin", '{"ind":1,"country":"x","latitude":1}', "wrong_dataset"],
    ["geo", '{"ind":1,"first_name":"x"}', "wrong_dataset"],
    ["user", '{"unique_id":"x"}', "wrong_dataset"],
    ["user", '{"ind":1,"unique_id":"x","age":5}', "not_a_user"],
    ["pin", '{"unique_id":"a"}', "missing_key"],
    ["pin", '{"index":7.0,"unique_id":"a"}', "missing_key"],
    ["pin", '{"index":"","unique_id":"a"}', "missing_key"],
    ["pin", '{"index":1234567890123456789,"unique_id":"a"}', "missing_key"],
    ["geo", '{"index":1,"name":"Maya","age":25,"role":"engineer"}', "not_a_geo"],
    ["geo", '{"ind":1,"latitude":5}', "not_a_geo"],
    ["pin", '{"index":1}', "not_a_pin"],
    ["pin", '{"index":1,"unique_id":" "}', "not_a_pin"],
    ["user", '{"ind":1,"age":"x","date_joined":"x"}', "not_a_user"],
    ["user", '{"ind":1,"last_name":"x","age":"x","date_joined":"x"}', "bad_age"],
    ["geo", '{"ind":1,"latitude":"x","longitude":1,"timestamp":"x"}', "bad_coordinates"],
  ] as const)("of %s with the value %s is quarantined as %s", async (name, value, reason) => {
    const { bad, counts } = await world.clean(name, [value]);
    expect(bad.map((one) => one.reason)).toEqual([reason]);
    expect(counts).toMatchObject({ events: 1, rows: 0, quarantined: 1, tombstones: 0 });
  });

  it("is no event of the quarantine when it is null", async () => {
    const { bad, counts } = await world.clean("pin", [null, "null", " null\n"]);
    expect([bad, counts.tombstones]).toEqual([[], 3]);
  });

  it("is kept with a sentence that names field and value, its text, and its position", async () => {
    const long = "x".repeat(5000);
    const { bad } = await world.clean("user", [
      '{"ind":1,"last_name":"x","age":"old"}',
      '{"ind":"one","last_name":"x"}',
      `{"ind":1,"last_name":"x","age":"${long}"}`,
      Buffer.from([0x7b, 0xff]),
    ]);
    expect(bad[0]).toEqual({
      dataset: "user",
      topic: "x.user",
      partition: 0,
      offset: 0n,
      reason: "bad_age",
      detail: 'An age is an integer from 0 to 150: age is "old".',
      raw: '{"ind":1,"last_name":"x","age":"old"}',
      at: 1_600_000_000_000_000n,
    });
    expect(bad[1]?.detail).toBe('There is no integer key: ind is "one".');
    expect(String(bad[2]?.detail).length).toBeLessThan(400);
    expect(bad[3]).toMatchObject({ reason: "not_json", raw: "base64:e/8=" });
  });
});
