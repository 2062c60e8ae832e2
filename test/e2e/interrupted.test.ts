import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { pinlake, pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

it.each(["SIGINT", "SIGTERM"] as const)(
  "a demo that gets %s ends with 130, and nothing of it is lost",
  async (name) => {
    await using folder = await tempFolder();
    const at = ["--data", folder.path];
    await pinlakeJson(["source", "create", "--rows", "11154", ...at]);
    const demo = startPinlake(["demo", "--posts", "1000000", "--exit", "--json", ...at]);
    while (!existsSync(join(folder.path, "console.token"))) await sleep(20);
    await sleep(1500);
    demo.child.kill(name);
    expect(await demo.done).toMatchObject({ code: 130, out: "" });
    expect(existsSync(join(folder.path, "up.json"))).toBe(false);

    // Draining took what had been acknowledged through the stream arm; the batch arm takes it now.
    const { ok } = await pinlakeJson<{ ok: boolean }>(["run", "daily", ...at]);
    expect(ok).toBe(true);
    const differences = await pinlakeJson([
      "sql",
      "SELECT count(*) AS n FROM (FROM pin EXCEPT ALL FROM pinterest_pin_table)",
      ...at,
    ]);
    expect(differences).toEqual([{ n: 0 }]);
  },
);

it("emulate that is interrupted says what it sent", async () => {
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  await pinlakeJson(["source", "create", "--rows", "50", ...at]);
  const up = startPinlake(["up", ...at]);
  await up.printed(/console listening on (\S+)\n/);
  const emulate = startPinlake(["emulate", "--random", "uniform", "--delay", "none", "--json", ...at]);
  await sleep(1500);
  emulate.child.kill("SIGINT");
  const { code, out } = await emulate.done;
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ failed: 0 });
  up.child.kill("SIGTERM");
  expect((await up.done).code).toBe(0);
  const [{ n } = { n: 0 }] = await pinlakeJson<{ n: number }[]>(["sql", "SELECT count(*) AS n FROM stream.pin", ...at]);
  expect(n).toBeGreaterThan(0);
  expect((await pinlake(["doctor", ...at])).code).toBe(0);
});
