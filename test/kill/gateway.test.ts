import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { decodeSequenceNumber } from "../../src/gateway/kinesis/sequence-number.ts";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import { verifyLog } from "../../src/log/embedded/verify.ts";
import { isInternalTopic, streamTopic } from "../../src/log/names.ts";
import { startChild } from "../support/kill-loop.ts";
import { expectAcknowledged } from "../support/log-check.ts";
import type { Acknowledged } from "../support/log-load.ts";
import { times } from "../support/run-length.ts";
import { printedSeed, seededRandom } from "../support/seeded-random.ts";
import { tempFolder } from "../support/temp-folder.ts";

const KILLS = times(20);
const CLIENTS = 12;
const STREAM = "load";

it(`what the gateway acknowledged stands once in the log, with its bytes, after each of ${KILLS} kills`, {
  timeout: times(120_000),
}, async () => {
  const seed = printedSeed("gateway kills");
  const random = seededRandom(seed);
  await using temp = await tempFolder();
  const folder = join(temp.path, "log");
  const acknowledged = new Map<Lane, Acknowledged[]>([
    ["plain", []],
    ["node", []],
  ]);
  const stored = () => [...acknowledged.values()].reduce((sum, records) => sum + records.length, 0);
  let recreated = 0;
  for (let life = 0; life < KILLS; life++) {
    const child = startChild(join(import.meta.dirname, "gateway-child.ts"), [folder, String(seed + life)]);
    const url = (await child.until("ready ")).slice("ready ".length);
    const clients = Array.from({ length: CLIENTS }, async (_, n) => {
      const lane = n % 3 === 0 ? "node" : "plain";
      const done = { url, lane, random, name: `${life}/${n}`, acknowledged: acknowledged.get(lane)! } as const;
      recreated += await client(done);
    });
    const enough = stored() + CLIENTS;
    const early = random() < 0.2;
    while (!early && stored() < enough) await delay(5);
    await delay(random() * 200);
    await child.kill();
    await Promise.all(clients);
    if (life % 5 !== 4) continue; // the next life opens what this one left
    await using log = await openEmbeddedLog({ folder });
    log.holdFor("stage", () => true);
    await expectAcknowledged(log, [...acknowledged.values()].flat());
    expect(await Array.fromAsync(verifyLog(folder))).toEqual([]);
  }
  for (const [lane, records] of acknowledged)
    for (const internal of [false, true])
      expect(records.filter(({ topic }) => isInternalTopic(topic) === internal).length, lane).toBeGreaterThan(KILLS);
  expect(recreated).toBeGreaterThan(0);
});

type Lane = "plain" | "node";

interface Client {
  readonly url: string;
  /** A path with a query is none of the plain lane's. */
  readonly lane: Lane;
  readonly random: () => number;
  /** Makes its values different from all others. */
  readonly name: string;
  readonly acknowledged: Acknowledged[];
}

/** Posts to both APIs until the server is gone; how often it made the stream anew. */
async function client({ url, lane, random, name, acknowledged }: Client): Promise<number> {
  let made = 0;
  let recreated = 0;
  const text = () => `"${name}:${made++}:${"x".repeat(Math.floor(random() * (random() < 0.1 ? 50_000 : 500)))}"`;
  const send = async (method: string, path: string, body: string | null = null) => {
    const type = path.startsWith("/topics") ? "application/vnd.kafka.json.v2+json" : "application/json";
    const query = lane === "plain" ? "" : "?lane=node";
    const response = await fetch(url + path + query, { method, headers: { "content-type": type }, body });
    const answer = await response.text();
    return { ok: response.ok, ...(answer === "" ? {} : (JSON.parse(answer) as Reply)) };
  };
  const recreate = async () => {
    await send("DELETE", `/streams/${STREAM}`);
    if ((await send("POST", `/streams/${STREAM}`, '{"ShardCount":2}')).ok) recreated++;
  };
  const inStream = (value: string, sequenceNumber: string): Acknowledged => {
    const { shard, offset } = decodeSequenceNumber(sequenceNumber)!;
    return { value, topic: streamTopic(STREAM), partition: shard, offset };
  };
  try {
    await recreate();
    for (;;) {
      const what = random();
      const values = Array.from({ length: random() < 0.5 ? 1 : 1 + Math.floor(random() * 30) }, text);
      if (what < 0.03) await recreate();
      else if (what < 0.5) {
        const topic = random() < 0.5 ? "load.a" : "load.b";
        const records = values.map((value) => `{"value":${value}}`);
        const { offsets = [] } = await send("POST", `/topics/${topic}`, `{"records":[${records}]}`);
        for (const [i, { partition, offset }] of offsets.entries())
          if (offset !== null) acknowledged.push({ value: values[i]!, topic, partition, offset: BigInt(offset) });
      } else if (what < 0.75) {
        const body = `{"Data":${values[0]},"PartitionKey":"${random()}"}`;
        const { SequenceNumber } = await send("PUT", `/streams/${STREAM}/record`, body);
        if (SequenceNumber !== undefined) acknowledged.push(inStream(values[0]!, SequenceNumber));
      } else {
        const records = values.map((value) => `{"data":${value},"partition-key":"${random()}"}`);
        const { Records = [] } = await send("PUT", `/streams/${STREAM}/records`, `{"records":[${records}]}`);
        for (const [i, { SequenceNumber }] of Records.entries())
          if (SequenceNumber !== undefined) acknowledged.push(inStream(JSON.parse(values[i]!), SequenceNumber));
      }
    }
  } catch {
    return recreated;
  }
}

interface Reply {
  readonly offsets?: readonly { readonly partition: number; readonly offset: number | null }[];
  readonly SequenceNumber?: string;
  readonly Records?: readonly { readonly SequenceNumber?: string }[];
}
