import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { killLoop } from "../support/kill-loop.ts";
import { times } from "../support/run-length.ts";
import { printedSeed } from "../support/seeded-random.ts";
import { blue, red } from "../support/stream-datasets.ts";
import { expectOneRowPerKey, expectRecount } from "../support/stream-expectations.ts";
import { catchUp, stored } from "../support/stream-world.ts";
import { tempFolder } from "../support/temp-folder.ts";

vi.setConfig({ testTimeout: times(240_000) });

const KILLS = times(20);

it(`stream tables account for every record through ${KILLS} kill -9 at random moments`, async () => {
  const seed = printedSeed("kill stream");
  await using folder = await tempFolder();
  await killLoop({
    file: new URL("./stream-child.ts", import.meta.url).pathname,
    args: (life) => [folder.path, String(seed + life)],
    kills: KILLS,
    ready: "working",
    withinMs: 300,
    seed,
  });
  await using log = await openEmbeddedLog({ folder: join(folder.path, "log") });
  log.holdFor("recount", () => true);
  await using engine = createDuckDbEngine({ threads: 1 });
  const world = {
    log,
    store: await openFilesystemStore({ root: join(folder.path, "objects") }),
    tables: await openFilesystemStore({ root: join(folder.path, "tables") }),
    engine,
    tempFolder: folder.path,
  };
  await catchUp(world);
  await expectRecount(world);
  expect((await stored(world, red)).superseded).toBeGreaterThan(0);
  expect(await expectOneRowPerKey(world, red)).toBeGreaterThan(1);
  await expectOneRowPerKey(world, blue);
});
