/**
 * A server under load, in a process of its own: `bare`, which answers each request without looking at it; `append`,
 * which answers when the body's bytes are synced; `gateway`. The latter two keep what they get in the folder given.
 * Sends its port, then the CPU time it has used whenever it is asked.
 */
import { open } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { systemClock } from "../src/clock.ts";
import { defineConfig } from "../src/define/config.ts";
import { startGateway } from "../src/gateway/server.ts";
import { openEmbeddedLog } from "../src/log/embedded/embedded-log.ts";

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const bare = () => listen((_, response) => response.end("{}"));

/** Bodies as they are into one file; those that came while one sync was under way share the next. */
async function append(folder: string): Promise<number> {
  const file = await open(join(folder, "bodies"), "w");
  let waiting: { readonly chunks: readonly Buffer[]; readonly done: () => void }[] = [];
  let writing = false;
  const write = async () => {
    writing = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await file.writev(group.flatMap(({ chunks }) => chunks));
      await file.datasync();
      for (const { done } of group) done();
    }
    writing = false;
  };
  return listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      waiting.push({ chunks, done: () => response.end("{}") });
      if (!writing) void write();
    });
  });
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
process.send?.(await (kind === "bare" ? bare() : kind === "append" ? append(folder) : gateway(folder)));
