import { expect, it } from "vitest";
import { pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const good = { index: 1, unique_id: "one", title: "a good one", follower_count: "3k" };

/** What is posted, and why it cannot be used; undefined: it can. */
const posts: readonly (readonly [value: unknown, reason: string | undefined])[] = [
  [good, undefined],
  [{ value: { ...good, index: 2 } }, "wrapped_value"],
  [JSON.stringify({ ...good, index: 3 }), "encoded_value"],
  [{ ind: 4, country: "Ghana", latitude: 5.6, longitude: -0.2, timestamp: "2020-01-01 00:00:00" }, "wrong_dataset"],
  [42, "not_an_object"],
  [[good], "wrapped_value"],
  [[1, 2], "not_an_object"],
  [{ ...good, index: undefined }, "missing_key"],
];

it("stores, lands and quarantines values that are no rows, with the same reason on both arms", async () => {
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  const up = startPinlake(["up", ...at]);
  const [, url] = await up.printed(/gateway listening on (\S+)\n/);
  const send = async (path: string, method: string, type: string, body: unknown) => {
    const headers = { "content-type": type };
    const reply = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
    expect(reply.status, path).toBe(200);
  };
  for (const [value] of posts) {
    await send("/topics/pinterest.pin", "POST", "application/vnd.kafka.json.v2+json", { records: [{ value }] });
    const record = { Data: value, PartitionKey: "k" };
    await send("/streams/streaming-pinterest-pin/record", "PUT", "application/json", record);
  }
  await pinlakeJson(["run", "daily", ...at]);
  up.child.kill("SIGTERM");
  expect((await up.done).code).toBe(0);

  const expected = posts.flatMap(([, reason], offset) => (reason === undefined ? [] : [{ offset, reason }]));
  for (const arm of ["batch", "stream"]) {
    const query = `SELECT "offset", reason FROM quarantine WHERE arm = '${arm}' ORDER BY "offset"`;
    expect(await pinlakeJson(["sql", query, ...at]), arm).toEqual(expected);
    expect(await pinlakeJson(["sql", `SELECT ind, unique_id FROM ${arm}.pin`, ...at]), arm).toEqual([
      { ind: 1, unique_id: "one" },
    ]);
  }
  const landed = await pinlakeJson<{ key: string }[]>(["objects", "ls", ...at]);
  expect(landed.map(({ key }) => key.split("/").at(-1))).toEqual([
    "streaming-pinterest-pin+0+0000000000.json",
    "pinterest.pin+0+0000000000.json",
  ]);
});
