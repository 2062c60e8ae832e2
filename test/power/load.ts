import { request } from "undici";
import { decodeSequenceNumber } from "../../src/gateway/kinesis/sequence-number.ts";
import { streamTopic } from "../../src/log/names.ts";
import { madeValue } from "../support/posts.ts";
import type { DatasetName } from "../support/reference/clean-record.ts";
import { seededRandom } from "../support/seeded-random.ts";

export const DATASETS: readonly DatasetName[] = ["pin", "geo", "user"];

/** The text that was acknowledged at each place of the log (`topic/partition@offset`). */
export type Acknowledged = Map<string, string>;

/** A dataset's posts, batch after batch. */
export interface Poster {
  /** Posts a batch to both arms. What failed of it is posted again at the next call, so both arms see the same order. */
  post(url: string): Promise<void>;
  /** Posts what is not yet acknowledged to another life of the pipeline, of which nothing is noted. */
  finishAt(url: string): Promise<void>;
}

export function poster(dataset: DatasetName, seed: number, acknowledged: Acknowledged): Poster {
  const random = seededRandom(seed);
  const stream = `streaming-pinterest-${dataset}`;
  let made = 0;
  let values: readonly string[] = [];
  const unposted = new Set<(url: string) => Promise<Acknowledged>>();

  async function toTopic(url: string): Promise<Acknowledged> {
    const topic = `pinterest.${dataset}`;
    const body = `{"records":[${values.map((value) => `{"value":${value}}`)}]}`;
    const { offsets = [] } = await send(url, "POST", `/topics/${topic}`, body);
    return placed(offsets.map(({ partition, offset }) => `${topic}/${partition}@${offset}`));
  }

  async function toStream(url: string): Promise<Acknowledged> {
    const records = values.map((value) => ({ data: value, "partition-key": "k" }));
    const { Records = [] } = await send(url, "PUT", `/streams/${stream}/records`, JSON.stringify({ records }));
    const places = Records.map(({ SequenceNumber: number = "" }) => decodeSequenceNumber(number));
    return placed(places.map((place) => `${streamTopic(stream)}/${place?.shard}@${place?.offset}`));
  }

  const placed = (places: readonly string[]): Acknowledged =>
    new Map(places.map((place, i) => [place, values[i] as string]));

  return {
    async post(url) {
      if (unposted.size === 0) {
        const count = 1 + Math.floor(random() * 25);
        values = Array.from({ length: count }, () => JSON.stringify(madeValue(dataset, random, made++)));
        for (const arm of [toTopic, toStream]) unposted.add(arm);
      }
      const posting = [...unposted].map(async (arm) => {
        for (const [place, value] of await arm(url)) acknowledged.set(place, value);
        unposted.delete(arm);
      });
      await Promise.all(posting);
    },
    async finishAt(url) {
      await Promise.all([...unposted].map((arm) => arm(url)));
    },
  };
}

/** Single records to a topic that no dataset takes: many callers that share syncs. */
export async function postOther(url: string, text: string, acknowledged: Acknowledged): Promise<void> {
  const value = JSON.stringify(text);
  const { offsets = [] } = await send(url, "POST", "/topics/other", `{"records":[{"value":${value}}]}`);
  for (const { partition, offset } of offsets) acknowledged.set(`other/${partition}@${offset}`, value);
}

interface Reply {
  readonly offsets?: readonly { partition: number; offset: number }[];
  readonly Records?: readonly { SequenceNumber?: string }[];
}

async function send(url: string, method: "POST" | "PUT", path: string, body: string): Promise<Reply> {
  const type = method === "POST" ? "application/vnd.kafka.json.v2+json" : "application/json";
  const reply = await request(url + path, { method, headers: { "content-type": type }, body });
  const text = await reply.body.text();
  if (reply.statusCode !== 200) throw new Error(`${method} ${path}: ${reply.statusCode} ${text}`);
  return JSON.parse(text) as Reply;
}
