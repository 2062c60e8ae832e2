// Loads a log until it is killed, and prints what was acknowledged, line by line, as it is.
import { writeSync } from "node:fs";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { ready } from "../support/kill-ready.ts";
import { runLogLoad } from "../support/log-load.ts";
import { seededRandom } from "../support/seeded-random.ts";

const [folder = "", run = ""] = process.argv.slice(2);
const print = (line: string) => writeSync(1, `${line}\n`);

const log = await openEmbeddedLog({ folder, segmentBytes: 50_000 });
log.holdFor("stage", () => true);
void commitForEver((await log.committed("other", "load.a", 0)) ?? 0n);
ready("ready");
await runLogLoad({
  log,
  run,
  callers: 16,
  random: seededRandom(Number(run) + 1),
  acknowledged: (records) => {
    for (const { value, topic, partition, offset } of records)
      print(`ack ${JSON.stringify([value, topic, partition, String(offset)])}`);
  },
});

/** Rises by one a commit. */
async function commitForEver(from: bigint): Promise<void> {
  for (let next = from + 1n; ; next++) {
    await log.commit("other", "load.a", 0, next);
    print(`commit ${next}`);
  }
}
