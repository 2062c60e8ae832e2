import { join } from "node:path";
import { expect, it } from "vitest";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../src/log/embedded/verify.ts";
import { killLoop } from "../support/kill-loop.ts";
import { expectAcknowledged } from "../support/log-check.ts";
import type { Acknowledged } from "../support/log-load.ts";
import { times } from "../support/run-length.ts";
import { printedSeed } from "../support/seeded-random.ts";
import { tempFolder } from "../support/temp-folder.ts";

const KILLS = times(20);

it(`has every acknowledged record once at its offset after each of ${KILLS} kills`, async () => {
  const seed = printedSeed("log kills");
  await using temp = await tempFolder();
  const folder = join(temp.path, "log");
  const acknowledged: Acknowledged[] = [];
  await killLoop({
    file: join(import.meta.dirname, "log-child.ts"),
    args: (life) => [folder, String(seed + life)],
    kills: KILLS,
    ready: "ready",
    withinMs: 120,
    seed,
    async afterKill(life, lines) {
      let committed = 0n;
      for (const line of lines) {
        if (line.startsWith("commit ")) committed = BigInt(line.slice(7));
        if (!line.startsWith("ack ")) continue;
        const [value, topic, partition, offset] = JSON.parse(line.slice(4)) as [string, string, number, string];
        acknowledged.push({ value, topic, partition, offset: BigInt(offset) });
      }
      if (life % 5 !== 4) return; // the next life opens what this one left
      await using log = await openEmbeddedLog({ folder });
      log.holdFor("stage", () => true);
      await expectAcknowledged(log, acknowledged);
      expect(Number((await log.committed("other", "load.a", 0)) ?? 0n)).toBeGreaterThanOrEqual(Number(committed));
      expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
    },
  });
  expect(acknowledged.length).toBeGreaterThan(100);
});
