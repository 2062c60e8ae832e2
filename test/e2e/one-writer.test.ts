import { chmod, mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataFolder } from "../../src/app/data-folder.ts";
import { lockFolder } from "../../src/app/lock.ts";
import { systemClock } from "../../src/clock.ts";
import { pinlake, pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

const NOBODY = 65534;

describe("a data folder", () => {
  it("is taken by exactly one of many processes started at once; the others say which one, and do no harm", async () => {
    await using folder = await tempFolder();
    const started = Array.from({ length: 20 }, () => startPinlake(["up", "--data", folder.path, "--json"]));
    const first = await Promise.any(started.map((command) => command.printed(/"gateway"/).then(() => command)));
    const losers = await Promise.all(started.filter((command) => command !== first).map(({ done }) => done));
    expect(losers.map(({ code }) => code)).toEqual(Array.from({ length: 19 }, () => 69));
    for (const { err } of losers) {
      const { error } = JSON.parse(err) as { error: { code: string; message: string } };
      expect(error.code).toBe("FOLDER_LOCKED");
      expect(error.message).toContain(`process ${first.child.pid}`);
      expect(error.message).toContain(folder.path);
    }
    const topics = await pinlakeJson<{ name: string }[]>(["topics", "ls", "--data", folder.path]);
    expect(topics.map(({ name }) => name)).toEqual(["pinterest.geo", "pinterest.pin", "pinterest.user"]);
    first.child.kill("SIGTERM");
    expect(await first.done).toMatchObject({ code: 0 });
  });

  it("is free again after a kill -9, with what was acknowledged", async () => {
    await using folder = await tempFolder();
    const up = startPinlake(["up", "--data", folder.path]);
    const [, gateway] = await up.printed(/gateway listening on (\S+)\n/);
    const reply = await fetch(`${gateway}/topics/pinterest.pin`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.json.v2+json" },
      body: '{"records":[{"value":{"index":7,"unique_id":"seven"}},{"value":"no row"}]}',
    });
    expect(reply.status).toBe(200);
    up.child.kill("SIGKILL");
    await up.done;
    const run = await pinlakeJson<{ ok: boolean }>(["run", "daily", "--data", folder.path]);
    expect(run.ok).toBe(true);
    const at = ["--data", folder.path];
    expect(await pinlakeJson(["sql", "SELECT ind, unique_id FROM pin", ...at])).toEqual([
      { ind: 7, unique_id: "seven" },
    ]);
    expect(await pinlakeJson(["quarantine", "ls", ...at])).toEqual([
      { arm: "batch", dataset: "pin", reason: "not_an_object", records: 1 },
    ]);
  });

  it("is read by verbs that only look, whoever holds it; a verb that writes is refused", async () => {
    await using folder = await tempFolder();
    const at = ["--data", folder.path];
    await pinlakeJson(["topics", "create", "odd", "--partitions", "2", ...at]);
    using held = await lockFolder(dataFolder(folder.path), systemClock);
    expect(held).toBeDefined();
    expect(await pinlakeJson(["topics", "ls", ...at])).toEqual([
      { name: "odd", partitions: 2, records: 0, datasets: [] },
    ]);
    expect(await pinlakeJson(["quarantine", "ls", ...at])).toEqual([]);
    const { code, err } = await pinlake(["topics", "delete", "odd", ...at]);
    expect(code).toBe(69);
    expect(err).toContain(`process ${process.pid}`);
  });

  it("that may not be written to is refused in one line", async () => {
    await using folder = await tempFolder();
    const closed = join(folder.path, "closed");
    await mkdir(closed);
    await chmod(closed, 0o555);
    await chmod(folder.path, 0o755);
    const root = process.getuid?.() === 0;
    const { code, err } = await pinlake(["up", "--data", join(closed, "data")], root ? { uid: NOBODY } : {});
    expect(code).toBe(69);
    expect(err).toMatch(/^pinlake: .*closed.* cannot be used: .*--data\.\n$/);
  });
});

describe("a port that is in use", () => {
  it.each(["gateway", "console"])("of the %s ends up in one line that names the setting", async (which) => {
    await using folder = await tempFolder();
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    try {
      const environment = { [`PINLAKE_${which.toUpperCase()}_PORT`]: String(port) };
      const { code, err } = await pinlake(["up", "--data", folder.path], { environment });
      expect(code).toBe(69);
      expect(err).toMatch(new RegExp(`^pinlake: Cannot listen on 127.0.0.1:${port}: .*${which}.*\n$`));
    } finally {
      server.close();
    }
  });
});
