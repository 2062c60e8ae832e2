import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { tempFolder } from "../support/temp-folder.ts";

interface Status {
  readonly stages: { readonly stream: { readonly datasets: readonly { dataset: string; failure?: string }[] } };
}

it("the gateway takes records while an arm cannot: that is said, what up ends with, and made good afterwards", async () => {
  await using folder = await tempFolder();
  const at = ["--data", folder.path];
  const up = startPinlake(["up", ...at], { environment: { PINLAKE__ENGINE__MEMORY: "1MB" } });
  const [, gateway] = await up.printed(/gateway listening on (\S+)\n/);
  const [, consoleUrl] = await up.printed(/console listening on (\S+)\n/);
  const token = await readFile(`${folder.path}/console.token`, "utf8");
  const status = async () => {
    const headers = { authorization: `Bearer ${token.trim()}` };
    return (await (await fetch(`${consoleUrl}/api/status`, { headers })).json()) as Status;
  };
  const put = async (index: number) => {
    const reply = await fetch(`${gateway}/streams/streaming-pinterest-pin/record`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ StreamName: "x", Data: { index, unique_id: `u${index}` }, PartitionKey: "k" }),
    });
    expect(reply.status).toBe(200);
  };
  const failureOf = async () =>
    (await status()).stages.stream.datasets.find(({ dataset }) => dataset === "pin")?.failure;

  await put(1);
  while ((await failureOf()) === undefined) await sleep(50);
  expect(await failureOf()).toContain("memory");
  for (let index = 2; index <= 20; index++) await put(index);
  await sleep(1200);
  up.child.kill("SIGTERM");
  const { code, err } = await up.done;
  expect(code).toBe(69);
  expect(err).toContain('stream table \\"pin\\" does not go on');
  expect(err).toMatch(/pinlake: The query needs more memory/);

  const again = startPinlake(["up", ...at]);
  await again.printed(/console listening/);
  again.child.kill("SIGTERM");
  expect((await again.done).code).toBe(0);
  expect(await pinlakeJson(["sql", "SELECT count(*) AS n FROM pinterest_pin_table", ...at])).toEqual([{ n: 20 }]);
});
