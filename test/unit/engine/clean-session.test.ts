import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/define/dataset.ts";
import { foreignMarkers } from "../../../src/engine/clean.ts";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import type { QuerySession } from "../../../src/engine/query-engine.ts";
import { cleanInto } from "../../support/clean-into.ts";
import { shippedDatasets } from "../../support/pinterest.ts";
import type { DatasetName } from "../../support/reference/clean-record.ts";
import { type TempFolder, tempFolder } from "../../support/temp-folder.ts";

const user = (fields: object) => JSON.stringify({ ind: 1, first_name: "a", ...fields });

/** Batches that are unlike each other in which columns are empty, and in the range of the others. */
const batches: Readonly<Record<string, readonly string[]>> = {
  none: [],
  "only tombstones": ["null"],
  "without a value but the least": [user({})],
  whole: [user({ last_name: "b", age: 20, date_joined: "2020-01-01 00:00:00" })],
  "bad ages": [user({ age: 200 }), user({ age: "x" })],
  "no keys": [JSON.stringify({ first_name: "a" })],
  "no names": [JSON.stringify({ ind: 7, age: 30 })],
  "other keys and dates": [user({ ind: 999_999_999_999, date_joined: "1999-12-31T23:59:59Z" })],
  "bad dates": [user({ date_joined: "never" })],
};

describe("cleaning one batch after another in a session", () => {
  const engine = createDuckDbEngine({ threads: 1 });
  let datasets: Readonly<Record<DatasetName, Dataset>>;
  let folder: TempFolder;
  beforeAll(async () => {
    datasets = await shippedDatasets();
    folder = await tempFolder();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function outcome(session: QuerySession, values: readonly string[]) {
    const records = values.map((value, i) => ({ offset: BigInt(i), value: Buffer.from(value) }));
    const counts = await cleanInto(session, datasets.user, [[{ topic: "t", partition: 0, records }]], {
      folder: folder.path,
      foreignMarkers: foreignMarkers(datasets.user, Object.values(datasets)),
    });
    const rows = await session.rows("SELECT * FROM good ORDER BY _offset");
    return { counts, rows, bad: await session.rows('SELECT "offset", reason, detail FROM bad ORDER BY "offset"') };
  }

  it.each(Object.keys(batches))("judges each by itself, whatever came before it: first %s", async (first) => {
    await using session = await engine.session({ threads: 1 });
    await outcome(session, batches[first] ?? []);
    for (const [name, values] of Object.entries(batches)) {
      await using fresh = await engine.session({ threads: 1 });
      expect([name, await outcome(session, values)]).toEqual([name, await outcome(fresh, values)]);
    }
  });
});
