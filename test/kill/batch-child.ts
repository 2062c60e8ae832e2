import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { isPinlakeError } from "../../src/errors.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { batchWorld } from "../support/batch-world.ts";
import { ready } from "../support/kill-ready.ts";

/** Runs the batch arm over what lies in the folder, or rebuilds it without end, until it is killed. */
const [root = "", full = ""] = process.argv.slice(2);
const objects = await openFilesystemStore({ root: `${root}/objects` });
const tables = await openFilesystemStore({ root: `${root}/tables` });
const world = batchWorld({ objects, tables, engine: createDuckDbEngine({ threads: 1 }), folder: root });
ready("working");
while (full === "full") await world.batch.runDataset("thing", { full: true });
await world.batch.runDataset("thing").catch((error: unknown) => {
  // A rebuild that was killed must be run again before anything is added.
  if (!isPinlakeError(error, "REBUILD_UNFINISHED")) throw error;
  return world.batch.runDataset("thing", { full: true });
});
await world.batch.runAnswers();
process.stdout.write("done\n");
setInterval(() => {}, 1000);
