import { join } from "node:path";
import { expect, it } from "vitest";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { createSink, SINK_GROUP } from "../../src/sink/sink.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { killLoop } from "../support/kill-loop.ts";
import { times } from "../support/run-length.ts";
import { printedSeed } from "../support/seeded-random.ts";
import { bodies, differences } from "../support/sunk-objects.ts";
import { tempFolder } from "../support/temp-folder.ts";

const KILLS = times(20);

it(`the sink leaves each offset in exactly one object through ${KILLS} kill -9 at random moments`, async () => {
  const seed = printedSeed("kill sink");
  await using folder = await tempFolder();
  const objects = join(folder.path, "objects");
  let seen = new Map<string, string>();
  const flushed = new Map<string, bigint>();

  await killLoop({
    file: new URL("./sink-child.ts", import.meta.url).pathname,
    args: (life) => [folder.path, String(seed + life)],
    kills: KILLS,
    ready: "working",
    withinMs: 250,
    seed,
    async afterKill(_, lines) {
      await using store = await openFilesystemStore({ root: objects });
      const now = await bodies(store);
      for (const [key, body] of seen) expect(now.get(key), `${key} was changed or removed`).toBe(body);
      seen = now;
      for (const line of lines) {
        const [, topic, partition, end] = /^flushed (\S+) (\d+) (\d+)$/.exec(line) ?? [];
        if (end !== undefined) flushed.set(`${topic}/${partition}`, BigInt(end));
      }
    },
  });

  expect(seen.size, "objects that lived through kills").toBeGreaterThan(3);
  await using log = await openEmbeddedLog({ folder: join(folder.path, "log") });
  await using store = await openFilesystemStore({ root: objects });
  for (const { topic, partition } of await log.stagePartitions())
    expect((await log.committed(SINK_GROUP, topic, partition)) ?? 0n).toBeGreaterThanOrEqual(
      flushed.get(`${topic}/${partition}`) ?? 0n,
    );
  const limits = { maxRecords: 100, maxBytes: 10_000, maxAgeMs: 60_000 };
  const sink = createSink({ log, store, limits });
  await sink.flush();
  expect(await differences(log, store)).toEqual([]);
});
