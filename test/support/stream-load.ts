import type { EventLog } from "../../src/log/event-log.ts";
import { streamTopic } from "../../src/log/names.ts";
import { put } from "./stream-world.ts";

export const STREAMS = ["streaming-test-red", "streaming-test-blue", "shared"] as const;
export const SHARDS = 2;

/** One append of a load that has everything in it: conflicting versions, tombstones, bad values, streams made again. */
export async function appendSome(log: EventLog, random: () => number): Promise<void> {
  const draw = (below: number) => Math.floor(random() * below);
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)] as T;
  const stream = pick(STREAMS);
  if (draw(25) === 0) {
    await log.deleteTopic(streamTopic(stream));
    await log.createTopic(streamTopic(stream), { partitions: SHARDS });
    return;
  }
  const value = () =>
    pick<() => string | object | null>([
      () => ({ id: draw(30), word: `w${draw(1000)}` }),
      () => ({ id: draw(1000), word: "same", n: draw(5) }),
      () => ({ name: `n${draw(20)}`, shade: `s${draw(100)}` }),
      () => ({ id: draw(30), word: "x", n: "bad" }),
      () => pick([null, "null", "{broken", "[1]", '{"word":"keyless"}']),
    ])();
  const values = Array.from({ length: 1 + draw(12) }, value);
  const key = pick(["a-red", "b-blue", "nobody"]);
  await put(log, stream, values, { partition: draw(SHARDS), key });
}

export async function makeStreams(log: EventLog): Promise<void> {
  const known = await log.listTopics();
  for (const stream of STREAMS)
    if (!known.some(({ topic }) => topic === streamTopic(stream)))
      await log.createTopic(streamTopic(stream), { partitions: SHARDS });
}
