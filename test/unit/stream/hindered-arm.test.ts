import { describe, expect, it } from "vitest";
import { createDuckDbEngine } from "../../../src/engine/duckdb/engine.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import { streamTopic } from "../../../src/log/names.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { engineAndFolder } from "../../support/engine-and-folder.ts";
import { expectRecount } from "../../support/stream-expectations.ts";
import { catchUp, openArm, put, running, tableOf, type World } from "../../support/stream-world.ts";

const { engine, folder } = await engineAndFolder();
const RED = "streaming-test-red";

async function newWorld(): Promise<World> {
  const log = createMemoryLog();
  await log.createTopic(streamTopic(RED));
  return { log, store: createMemoryStore(), tables: createMemoryStore(), engine, tempFolder: folder.path };
}

describe("a stream arm that is hindered", () => {
  it("loads the table again when somebody else has removed the files that it knew", async () => {
    const w = await newWorld();
    await using arm = openArm(w);
    await running(arm, async (signal) => {
      for (const word of ["a", "b", "c"]) {
        await put(
          w.log,
          RED,
          [1, 2, 3].map((n) => ({ id: `${word}${n}`.charCodeAt(0) * 10 + n, word })),
        );
        await arm.caughtUp(signal);
      }
      const table = tableOf(w, "stream/red");
      const before = await table.snapshot();
      await using session = await engine.session();
      await table.optimize({ session, basedOn: before, targetBytes: 1e9 });
      for (const { path } of before.files) await w.tables.delete(`stream/red/${path}`);
      await put(w.log, RED, [{ id: 971, word: "new" }]);
      await arm.caughtUp(signal);
    });
    await expectRecount(w);
  });

  it("tries again what cannot be done, and tells whoever waits for it", async () => {
    const w = await newWorld();
    await using tiny = createDuckDbEngine({ threads: 1, memory: "1MB" });
    await using arm = openArm({ ...w, engine: tiny });
    const stop = new AbortController();
    const run = arm.run(stop.signal);
    await put(w.log, RED, [{ id: 1, word: "a" }]);
    await expect(arm.caughtUp(stop.signal)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    expect(arm.failure()).toMatchObject({ code: "OUT_OF_MEMORY" });
    stop.abort();
    await run;
    await catchUp(w);
    await expectRecount(w);
  });
});
