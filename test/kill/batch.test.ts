import fc from "fast-check";
import { expect, it } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { batchWorld, land, outcomeOf, recount } from "../support/batch-world.ts";
import { killLoop } from "../support/kill-loop.ts";
import { times } from "../support/run-length.ts";
import { printedSeed } from "../support/seeded-random.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { parts, thingRecords } from "../support/thing-records.ts";

const KILLS = times(20);

it(`the batch arm ends with what a recount says after ${KILLS} kill -9 at random moments`, async () => {
  const seed = printedSeed("kill batch");
  await using folder = await tempFolder();
  const [records = []] = fc.sample(thingRecords({ minLength: 300, maxLength: 400 }), { numRuns: 1, seed });
  const rounds = parts(
    records,
    Array.from({ length: KILLS - 1 }, (_, i) => (i + 1) / KILLS),
  );
  await using objects = await openFilesystemStore({ root: `${folder.path}/objects` });
  await land(objects, rounds[0] ?? []);
  let finished = 0;
  await killLoop({
    file: new URL("./batch-child.ts", import.meta.url).pathname,
    args: (life) => [folder.path, life % 3 === 2 ? "full" : ""],
    kills: KILLS,
    ready: "working",
    withinMs: 400,
    seed,
    afterKill: async (life, lines) => {
      if (lines.includes("done")) finished++;
      await land(objects, rounds[life + 1] ?? [], ({ offset }) => offset % 3 === 0);
    },
  });
  process.stderr.write(`kill batch: ${KILLS - finished} of ${KILLS} died at work\n`);

  await using tables = await openFilesystemStore({ root: `${folder.path}/tables` });
  await using engine = createDuckDbEngine({ threads: 1 });
  const world = batchWorld({ objects, tables, engine, folder: folder.path });
  await world.batch.runDataset("thing").catch((error: unknown) => {
    expect(error).toMatchObject({ code: "REBUILD_UNFINISHED" });
    return world.batch.runDataset("thing", { full: true });
  });
  expect(await outcomeOf(world, engine, records)).toEqual(recount(records));
});
