import { expect, it } from "vitest";
import { pinlake, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

it("doctor finds nothing wrong beside an up whose tables and objects grow while it looks", async () => {
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  const environment = { PINLAKE__STREAM__TRIGGER_MS: "20", PINLAKE__SINK__MAX_RECORDS: "10" };
  const up = startPinlake(["up", ...at], { environment });
  const [, url] = await up.printed(/gateway listening on (\S+)\n/);
  const place = { country: "Fiji", timestamp: "2020-01-01T00:00:00", latitude: 1, longitude: 2 };
  const put = async (ind: number) => {
    const body = JSON.stringify({ Data: { ind, ...place }, PartitionKey: "geo" });
    const headers = { "content-type": "application/json" };
    const path = "/streams/streaming-pinterest-geo/record";
    expect((await fetch(url + path, { method: "PUT", headers, body })).status).toBe(200);
  };
  let sent = 0;
  let looking = true;
  const sending = (async () => {
    while (looking) await put(sent++);
  })();
  await expect.poll(() => sent, { timeout: 30_000 }).toBeGreaterThan(500);
  for (let i = 0; i < 3; i++) expect(await pinlake(["doctor", ...at, "--json"])).toMatchObject({ code: 0, err: "" });
  looking = false;
  await sending;
  up.child.kill("SIGTERM");
  expect((await up.done).code).toBe(0);
});
