import type { HttpClient } from "./http-client.ts";
import type { Target } from "./requests.ts";

export interface TargetOptions {
  readonly client: HttpClient;
  readonly datasets: readonly { readonly name: string }[];
  readonly namespace: string;
  readonly to: "batch" | "stream" | "both";
}

/** Where each dataset's rows go: topic `<namespace>.<dataset>`, stream `streaming-<namespace>-<dataset>`. */
export async function findTargets(options: TargetOptions): Promise<ReadonlyMap<string, readonly Target[]>> {
  const { client, datasets, namespace, to } = options;
  const targets = new Map<string, Target[]>();
  for (const { name } of datasets) {
    const found: Target[] = [];
    const topic = `${namespace}.${name}`;
    const stream = `streaming-${namespace}-${name}`;
    const constantKey = `${namespace}-${name}`;
    if (to !== "stream")
      found.push({ arm: "batch", name: topic, keyed: await isSpread(client, "topics", topic), constantKey });
    if (to !== "batch")
      found.push({ arm: "stream", name: stream, keyed: await isSpread(client, "streams", stream), constantKey });
    targets.set(name, found);
  }
  return targets;
}

/** Whether a topic or stream has several partitions or shards. One that cannot be seen yet may have, so its records carry keys. */
async function isSpread(client: HttpClient, kind: "topics" | "streams", name: string): Promise<boolean> {
  try {
    const { status, body } = await client.send({ method: "GET", path: `/${kind}/${encodeURIComponent(name)}` });
    if (status !== 200) return true;
    const answer = JSON.parse(body);
    const places = kind === "topics" ? answer.partitions : answer.StreamDescription.Shards;
    return places.length !== 1;
  } catch {
    return true;
  }
}
