import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { EventLog } from "../../src/log/event-log.ts";
import { isInternalTopic, streamOf } from "../../src/log/names.ts";
import type { ObjectPartition } from "../../src/store/layout.ts";
import { listObjects } from "../../src/store/object-listing.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";

/** What an object says of a record: its JSON, or its bytes when it is none. Streams say the partition key too. */
export interface LandedRecord {
  readonly offset: bigint;
  readonly json?: unknown;
  readonly bytes?: Buffer;
}

/** Every record that lies in the objects of a partition, in order of the objects. */
export async function landedRecords(store: ObjectStore, of: ObjectPartition): Promise<LandedRecord[]> {
  const landed: LandedRecord[] = [];
  for (const { name, key } of await listObjects(store, of)) {
    const stored = Buffer.from(await store.get(key));
    const body = key.endsWith(".gz") ? gunzipSync(stored) : key.endsWith(".zst") ? zstdDecompressSync(stored) : stored;
    if (name.format === "bin") {
      landed.push({ offset: name.startOffset, bytes: body });
      continue;
    }
    const lines = body.toString().split("\n");
    if (lines.pop() !== "") throw new Error(`${key} does not end with a newline`);
    lines.forEach((line, i) => {
      landed.push({ offset: name.startOffset + BigInt(i), json: JSON.parse(line) });
    });
  }
  return landed;
}

/**
 * Counts how a log and the objects made of it differ, by reading both: offsets that are missing, there twice or out of
 * order, and records that say something else. Empty when all that the log ever gave landed exactly once.
 */
export async function differences(log: EventLog, store: ObjectStore): Promise<string[]> {
  const problems: string[] = [];
  for (const { topic, partition, start, end } of await log.stagePartitions()) {
    const stream = streamOf(topic);
    if (stream === undefined && isInternalTopic(topic)) continue;
    const of: ObjectPartition = { kind: stream === undefined ? "topic" : "stream", name: stream ?? topic, partition };
    const all = await landedRecords(store, of);
    const odd = all.find(({ offset }, i) => offset !== BigInt(i));
    if (odd !== undefined) problems.push(`${topic}/${partition}: offset ${odd.offset} is twice there or follows a gap`);
    const landed = all.filter(({ offset }) => offset >= start);
    const expected: LandedRecord[] = [];
    for (let at = start; at < end; ) {
      const { records, next } = await log.read(topic, partition, at, { includeDeleted: true });
      for (const { offset, key, value } of records) {
        const said = sayOf(value);
        if (of.kind === "topic") expected.push({ offset, ...said });
        else {
          const partitionKey = key === null ? null : Buffer.from(key).toString();
          const body = said.bytes === undefined ? { value: said.json } : { base64: said.bytes.toString("base64") };
          expected.push({ offset, json: { partitionKey, ...body } });
        }
      }
      at = next;
    }
    const where = `${topic}/${partition}`;
    if (landed.length !== expected.length) problems.push(`${where}: ${landed.length} landed of ${expected.length}`);
    for (const [i, record] of expected.entries()) {
      const there = landed[i];
      if (there !== undefined && text(there) === text(record)) continue;
      problems.push(`${where}: at ${record.offset} there is ${there === undefined ? "nothing" : text(there)}`);
      break;
    }
  }
  return problems;
}

function sayOf(value: Uint8Array | null): Pick<LandedRecord, "json" | "bytes"> {
  if (value === null) return { json: null };
  try {
    return { json: JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value)) };
  } catch {
    return { bytes: Buffer.from(value) };
  }
}

const text = ({ offset, json, bytes }: LandedRecord) =>
  `${offset} ${bytes === undefined ? JSON.stringify(json) : `bytes ${bytes.toString("hex")}`}`;

/** The bodies of all objects, to hold against a later look: what was visible never changes. */
export async function bodies(store: ObjectStore, prefix = ""): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key } of store.list(prefix)) found.set(key, Buffer.from(await store.get(key)).toString("base64"));
  return found;
}
