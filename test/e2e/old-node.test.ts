import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { pinlake, pinlakeJson } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const BIN = join(import.meta.dirname, "../../bin/pinlake.js");
const PINNED = join(import.meta.dirname, "../../node_modules/node/bin/node");
/** Has this Node take itself for an old one. What it starts in its place does not. */
const OLD = `data:text/javascript,${encodeURIComponent('Object.defineProperty(process.versions, "node", { value: "20.1.0" })')}`;

it.skipIf(!existsSync(PINNED))(
  "what an old Node has started drains and ends when that is killed",
  async () => {
    await using folder = await tempFolder();
    const at = ["--data", folder.path];
    const old = spawn(process.execPath, ["--import", OLD, BIN, "up", ...at], {
      env: { ...process.env, PINLAKE_GATEWAY_PORT: "0", PINLAKE_CONSOLE_PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    const ended = new Promise((resolve) => old.stdout.on("close", resolve));
    old.stdout.on("data", (text: Buffer) => {
      out += text.toString();
    });
    while (!out.includes("console listening on")) await sleep(20);
    const gateway = /gateway listening on (\S+)/.exec(out)?.[1];
    const reply = await fetch(`${gateway}/topics/t`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.json.v2+json" },
      body: '{"records":[{"value":1}]}',
    });
    expect(reply.status).toBe(200);
    old.kill("SIGKILL");
    await ended; // the child had the same pipe
    await expect(fetch(`${gateway}/topics`)).rejects.toThrow();
    expect(existsSync(join(folder.path, "up.json"))).toBe(false);
    expect(await pinlakeJson(["objects", "ls", ...at])).toHaveLength(1);
    expect((await pinlake(["topics", "create", "u", ...at])).code).toBe(0);
  },
  30_000,
);
