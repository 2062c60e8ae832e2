// A gateway over a log in a process of its own, with the configuration given; says what it used when it is asked.
import { createInterface } from "node:readline";
import { systemClock } from "../../src/clock.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { gatewayConfig } from "../support/gateway.ts";

const [folder = "", config = "{}"] = process.argv.slice(2);
const log = await openEmbeddedLog({ folder });
const gateway = await startGateway({ log, config: gatewayConfig(JSON.parse(config)), clock: systemClock });
process.stdout.write(`ready ${gateway.url}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`used ${JSON.stringify({ ...gateway.status(), peakMiB })}\n`);
}
