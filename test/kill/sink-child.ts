import { join } from "node:path";
import { openEmbeddedLog } from "../../src/log/embedded/embedded-log.ts";
import type { EventLog } from "../../src/log/event-log.ts";
import { streamTopic } from "../../src/log/names.ts";
import { createSink } from "../../src/sink/sink.ts";
import { openFilesystemStore } from "../../src/store/filesystem.ts";
import { ready } from "../support/kill-ready.ts";
import { seededRandom } from "../support/seeded-random.ts";

// A life of the sink that is killed: appends, flushes, rotates and re-creates topics until then.
const [folder = "", seed = "0"] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const below = (n: number) => Math.floor(random() * n);

const log = await openEmbeddedLog({ folder: join(folder, "log") });
const store = await openFilesystemStore({ root: join(folder, "objects") });
const limits = { maxRecords: 5 + below(200), maxBytes: 500 + below(40_000), maxAgeMs: 10 + below(100) };
const compression = (["none", "gzip", "zstd"] as const)[below(3)] ?? "none";
const sink = createSink({ log, store, limits, compression, lingerMs: below(4), bufferBytes: below(2) * 1e6 });
await sink.prepare();
void sink.run(new AbortController().signal);
ready("working");

const topics = ["a.pin", "b", streamTopic("s")];
void appendForever(log);
for (;;) {
  await new Promise((resolve) => setTimeout(resolve, below(40)));
  const ends = await log.stagePartitions();
  await sink.flush();
  for (const { topic, partition, end } of ends) process.stdout.write(`flushed ${topic} ${partition} ${end}\n`);
}

async function appendForever(to: EventLog): Promise<never> {
  for (;;) {
    const topic = topics[below(topics.length)] as string;
    const exists = await to.describeTopic(topic).then(
      () => true,
      () => false,
    );
    if (!exists) await to.createTopic(topic, { partitions: 1 + below(3) });
    const records = Array.from({ length: 1 + below(80) }, () => ({
      key: below(5) === 0 ? null : Buffer.from(`k${below(20)}`),
      value: value(),
      headers: [],
      timestampMs: Date.now(),
    }));
    await to.append(topic, records);
    if (below(12) === 0) await to.deleteTopic(topic);
    if (below(3) === 0) await new Promise((resolve) => setTimeout(resolve, below(5)));
  }
}

function value(): Buffer | null {
  const kind = below(20);
  if (kind === 0) return null;
  if (kind === 1 && below(4) === 0) return Buffer.from([0xff, below(256)]);
  if (kind === 2) return Buffer.from(`{ "spaced":\n ${below(1e6)} }`);
  return Buffer.from(JSON.stringify({ n: below(1e9), words: "x".repeat(below(300)) }));
}
