import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const script = join(import.meta.dirname, "../../scripts/services/faketime.sh");
const library = execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

/** A leap day's end, clocks set forward and back in Europe, a year that is long gone, one that is to come, and now. */
const MOMENTS = [
  "2028-02-29T23:59:58Z",
  "2026-03-29T00:59:58Z",
  "2026-10-25T00:59:58Z",
  "2001-09-09T01:46:38Z",
  "2037-12-31T23:59:58Z",
  undefined,
];

it.skipIf(library === "")(
  "an `up` whose clock is set back and forth goes on landing and committing, and both arms agree",
  async () => {
    await using folder = await tempFolder();
    const at = ["--data", join(folder.path, "data")];
    const offset = join(folder.path, "offset");
    const setTo = (moment: string | undefined) => {
      const seconds = moment === undefined ? 0 : Math.round((Date.parse(moment) - Date.now()) / 1000);
      writeFileSync(offset, `${seconds < 0 ? "-" : "+"}${Math.abs(seconds)}`);
    };
    setTo(undefined);
    const environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
      TZ: "Europe/Berlin",
      PINLAKE__SINK__MAX_AGE_MS: "300",
      PINLAKE__STREAM__TRIGGER_MS: "100",
      PINLAKE__LOG__SEGMENT_BYTES: "3000",
    };
    const up = startPinlake(["up", ...at], { environment });
    const [, url] = await up.printed(/gateway listening on (\S+)\n/);
    let posted = 0;
    for (const moment of MOMENTS) {
      setTo(moment);
      for (const pass of [1, 2, 3]) {
        const value = { index: posted, unique_id: `id-${posted}`, title: `at ${moment}, ${pass}` };
        const year = await send(`${url}/topics/pinterest.pin`, "POST", { records: [{ value }] });
        if (moment !== undefined) expect(moment.slice(0, 3)).toBe(year.slice(0, 3));
        await send(`${url}/streams/streaming-pinterest-pin/record`, "PUT", { Data: value, PartitionKey: "k" });
        posted++;
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      // By their age and by the trigger, not by a flush.
      await expect
        .poll(() => landed(join(folder.path, "data/objects/topics/pinterest.pin")), { timeout: 20_000 })
        .toBe(posted);
      const rows = async () =>
        (await pinlakeJson<{ n: number }[]>(["sql", "SELECT count(*) AS n FROM stream.pin", ...at]))[0]?.n;
      await expect.poll(rows, { timeout: 20_000, interval: 500 }).toBe(posted);
    }
    await pinlakeJson(["run", "daily", ...at]);
    const difference = "SELECT ind, title FROM batch.pin EXCEPT ALL SELECT ind, title FROM stream.pin";
    expect(await pinlakeJson(["sql", difference, ...at])).toEqual([]);
    expect(await pinlakeJson(["sql", "SELECT count(*) AS n FROM batch.pin", ...at])).toEqual([{ n: posted }]);
    up.child.kill("SIGTERM");
    const { code, err } = await up.done;
    expect(err).toBe("");
    expect(code).toBe(0);
  },
);

async function landed(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.join("").split("\n").length - 1;
}

/** Resolves with the year that the server says it is. */
async function send(url: string, method: string, body: unknown): Promise<string> {
  const type = method === "POST" ? "application/vnd.kafka.json.v2+json" : "application/json";
  const reply = await fetch(url, { method, headers: { "content-type": type }, body: JSON.stringify(body) });
  expect(reply.status).toBe(200);
  return String(new Date(reply.headers.get("date") ?? "").getFullYear());
}
