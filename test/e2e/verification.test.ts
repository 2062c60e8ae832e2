import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { NO_HEADERS } from "../../src/record.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { openDeltaTable } from "../../src/table/delta/delta-table.ts";
import { engineAndFolder } from "../support/engine-and-folder.ts";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { engine } = await engineAndFolder();

it.each([
  ["a row too many", "999 AS ind", "NOT_CONSERVED", /stream.*geo.*\b30\b.*\b31\b|stream.*geo.*\b31\b.*\b30\b/is],
  [
    "a row that says something else",
    "'elsewhere' AS country",
    "ARMS_DISAGREE",
    /geo: 30 rows by batch, 30 by stream, 2 of them only in one/,
  ],
])("a stream table with %s makes the demo end with 70, both sides printed", async (_, change, expected, said) => {
  await using folder = await tempFolder();
  const data = folder.path;
  await pinlakeJson(["source", "create", "--rows", "30", "--data", data]);
  await pinlakeJson(["demo", "--all", "--exit", "--data", data]);
  await tamper(data, change);

  const { code, out, err } = await pinlake(["demo", "--posts", "1", "--exit", "--data", data, "--json"]);
  const { error } = JSON.parse(err.trim().split("\n").at(-1) ?? "");
  expect([code, error.code]).toEqual([70, expected]);
  expect(error.message).toMatch(said);
  const { agreement } = JSON.parse(out);
  expect(agreement.find(({ dataset }: { dataset: string }) => dataset === "geo").differences).toBeGreaterThan(0);
});

it("doctor counts too, and names the table that was changed; what waits to be taken is no loss", async () => {
  await using folder = await tempFolder();
  const data = folder.path;
  await pinlakeJson(["source", "create", "--rows", "30", "--data", data]);
  await pinlakeJson(["demo", "--all", "--exit", "--data", data]);
  await openedLog(data, async (log) => {
    for (const topic of ["pinterest.geo", "__stream.streaming-pinterest-geo"])
      await log.append(topic, [{ key: null, value: Buffer.from("{}"), headers: NO_HEADERS, timestampMs: 0 }]);
  });
  expect(await pinlakeJson(["doctor", "--data", data])).toContainEqual({
    check: "conservation",
    ok: true,
    detail: "all 180 events that the tables took are accounted for",
  });
  await tamper(data, "999 AS ind");
  const { code, err } = await pinlake(["doctor", "--data", data, "--json"]);
  const { error } = JSON.parse(err.trim().split("\n").at(-1) ?? "");
  expect([code, error.code]).toEqual([70, "NOT_CONSERVED"]);
  expect(error.message).toMatch(/stream geo: 30 events, but 31 rows/);
});

async function openedLog(data: string, work: (log: EventLog) => Promise<void>): Promise<void> {
  const at = { folder: join(data, "log"), stateFile: join(data, "state.db") };
  await using log = await openEmbeddedLog({ ...at, clock: systemClock });
  await work(log);
}

/** What a stranger's writer might do: one row of the stream's geo table again, with one column changed. */
async function tamper(data: string, change: string): Promise<void> {
  await using store = await openFilesystemStore({ root: join(data, "tables") });
  await using table = openDeltaTable({ store, prefix: "stream/geo", engine, clock: systemClock, engineInfo: "test" });
  await using session = await engine.session();
  await (await table.snapshot()).define(session, "stored");
  const sql = `SELECT * REPLACE (${change}) FROM stored WHERE ind = 3`;
  await table.merge({ session, sql }, { key: ["ind"] });
}
