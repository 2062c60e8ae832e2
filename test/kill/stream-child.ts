import { join } from "node:path";
import { createDuckDbEngine } from "../../src/engine/duckdb/engine.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { ready } from "../support/kill-ready.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { appendSome, makeStreams } from "../support/stream-load.ts";
import { openArm } from "../support/stream-world.ts";

// A life of the stream arm that is killed: records arrive, streams are made again, tables are committed until then.
const [folder = "", seed = "0"] = process.argv.slice(2);
const random = seededRandom(Number(seed));

const log = await openEmbeddedLog({ folder: join(folder, "log") });
log.holdFor("recount", () => true);
await makeStreams(log);
const engine = createDuckDbEngine({ threads: 1 });
const arm = openArm(
  {
    log,
    store: await openFilesystemStore({ root: join(folder, "objects") }),
    tables: await openFilesystemStore({ root: join(folder, "tables") }),
    engine,
    tempFolder: folder,
  },
  { maxRecords: 1 + Math.floor(random() * 60), triggerMs: 1 + Math.floor(random() * 30) },
);
const { signal } = new AbortController();
void arm.run(signal);
for (let appends = 0; ; appends++) {
  if (appends === Number(seed) % 3) ready("working");
  await appendSome(log, random);
  if (appends < Number(seed) % 3) await arm.caughtUp(signal);
  else await new Promise((resolve) => setTimeout(resolve, random() * 15));
}
