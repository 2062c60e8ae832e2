/**
 * A server under load, in a process of its own: `bare`, which answers each request without looking at it, or `gateway`
 * with its log in the folder given. Sends its port, then the CPU time it has used whenever it is asked.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import { defineConfig } from "../src/define/config.ts";
import { startGateway } from "../src/gateway/server.ts";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";

async function bare(): Promise<number> {
  const server = createServer((_, response) => response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function gateway(folder: string): Promise<number> {
  const { gateway, log: settings } = defineConfig({ gateway: { port: 0 } });
  const log = await openEmbeddedLog({
    ...settings,
    folder: join(folder, "log"),
    stateFile: join(folder, "state.db"),
    clock: systemClock,
  });
  const { url } = await startGateway({ log, config: { ...gateway, ...settings }, clock: systemClock });
  return Number(new URL(url).port);
}

const [kind, folder = ""] = process.argv.slice(2);
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit());
process.send?.(kind === "bare" ? await bare() : await gateway(folder));
