import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pinlakeJson, startPinlake } from "../support/pinlake.ts";
import { fillUp, smallDisk } from "../support/small-disk.ts";

interface Reply {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: {
    readonly error_code?: number;
    readonly __type?: string;
    readonly SequenceNumber?: string;
    readonly offsets?: readonly { readonly offset: number | null; readonly error_code: number | null }[];
  };
}

it("a whole `pinlake up` on a full disk refuses what it cannot store, and goes on when there is room", async () => {
  await using disk = smallDisk(24 * 1024);
  if (disk === undefined) return;
  const at = ["--data", join(disk.path, "data")];
  const up = startPinlake(["up", ...at], { environment: { PINLAKE__STREAM__TRIGGER_MS: "50" } });
  const [, url] = await up.printed(/gateway listening on (\S+)\n/);

  const acknowledged = { batch: new Set<number>(), stream: new Set<number>() };
  const attempted: number[] = [];
  const filler = randomBytes(2000).toString("hex");
  const row = (index: number) => ({ index, unique_id: `id-${index}`, title: filler });
  const post = async (index: number): Promise<readonly [Reply, Reply]> => {
    attempted.push(index);
    const kafka = await send(`${url}/topics/pinterest.pin`, "POST", { records: [{ value: row(index) }] });
    if (kafka.status === 200 && kafka.body.offsets?.[0]?.error_code == null) acknowledged.batch.add(index);
    const record = { Data: row(index), PartitionKey: `k${index}` };
    const kinesis = await send(`${url}/streams/streaming-pinterest-pin/record`, "PUT", record);
    if (kinesis.status === 200) acknowledged.stream.add(index);
    return [kafka, kinesis];
  };

  for (let index = 0; index < 20; index++) expect((await post(index)).map(({ status }) => status)).toEqual([200, 200]);

  const filling = join(disk.path, "filler");
  let index = 20;
  let full: readonly [Reply, Reply] | undefined;
  for (; full === undefined && index < 200; index++) {
    fillUp(filling);
    const replies = await post(index);
    if (replies.every(({ status }) => status === 503)) full = replies;
  }
  expect(full?.[0]).toMatchObject({ status: 503, retryAfter: "1", body: { error_code: 50302 } });
  expect(full?.[1]).toMatchObject({ status: 503, retryAfter: "1", body: { __type: "ServiceUnavailable" } });
  // The stages meet the full disk as well, and must outlast it.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(up.child.exitCode).toBeNull();

  rmSync(filling);
  for (const end = index + 20; index < end; index++)
    expect((await post(index)).map(({ status }) => status)).toEqual([200, 200]);
  up.child.kill("SIGTERM");
  expect((await up.done).code).toBe(0);

  expect(await pinlakeJson<{ ok: boolean }>(["run", "daily", ...at])).toMatchObject({ ok: true });
  for (const arm of ["batch", "stream"] as const) {
    const rows = await pinlakeJson<{ ind: number }[]>(["sql", `SELECT ind FROM ${arm}.pin ORDER BY ind`, ...at]);
    const stored = rows.map(({ ind }) => ind);
    expect(stored, arm).toEqual([...acknowledged[arm]].sort((a, b) => a - b));
    expect(stored.length, arm).toBeLessThan(attempted.length);
  }
});

async function send(url: string, method: string, body: unknown): Promise<Reply> {
  const type = method === "POST" ? "application/vnd.kafka.json.v2+json" : "application/json";
  const response = await fetch(url, { method, headers: { "content-type": type }, body: JSON.stringify(body) });
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    body: (await response.json()) as Reply["body"],
  };
}
