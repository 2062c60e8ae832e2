// A gateway over a log, until it is killed. Topics are deleted now and then; the next request makes them again.
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { gatewayConfig } from "../support/gateway.ts";
import { seededRandom } from "../support/seeded-random.ts";

const [folder = "", life = ""] = process.argv.slice(2);
const random = seededRandom(Number(life) + 1);

const log = await openEmbeddedLog({ folder, segmentBytes: 500_000 });
log.holdFor("stage", () => true);
const gateway = await startGateway({ log, config: gatewayConfig({ partitions: 2 }), clock: systemClock });
process.stdout.write(`ready ${gateway.url}\n`);
for (;;) {
  await delay(random() * 60);
  await log.deleteTopic(random() < 0.5 ? "load.a" : "load.b").catch(() => {}); // perhaps nobody has made it yet
}
