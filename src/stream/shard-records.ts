import { isPinlakeError, PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamTopic } from "../log/names.ts";
import type { LogRecord } from "../record.ts";
import { objectKey } from "../store/layout.ts";
import { objectBody } from "../store/object-body.ts";
import { listObjects } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** What a table is made of: a record without what only the log knows. */
export type ShardRecord = Pick<LogRecord, "offset" | "key" | "value">;

export interface ShardRecordsOptions {
  readonly store: ObjectStore;
  readonly log: EventLog;
  readonly stream: string;
  readonly shard: number;
  /** 0, or where an earlier call for the same shard ended: what came behind that is in the log still. */
  readonly from: bigint;
  /** Up to the end that the log has now; undefined when the log does not know the shard. */
  readonly logEnd: bigint | undefined;
  readonly signal: AbortSignal;
}

const MAX_RECORDS = 10_000;

/**
 * Every record of a shard in order, piece by piece: from the objects, and from the log what has not been landed or what
 * an object has been lost of. Throws OBJECT_NOT_FOUND for records that neither has, where offsets leave none out, and
 * OBJECTS_DAMAGED for an object that ends within a line or reaches into the next one.
 */
export async function* shardRecords(options: ShardRecordsOptions): AsyncGenerator<readonly ShardRecord[]> {
  const { store, stream, shard, from, logEnd = 0n, signal } = options;
  const of = { kind: "stream", name: stream, partition: shard } as const;
  let next = from;
  for (const { key, name } of from > 0n ? [] : await listObjects(store, of, 0n, signal)) {
    const damaged = (first: bigint, to: bigint | undefined, reason: string) =>
      new PinlakeError("OBJECTS_DAMAGED", { of: `${stream}/${shard}`, key, from: first, to, reason });
    if (next > name.startOffset) throw damaged(name.startOffset, next, "the one before reaches into it");
    if (next < name.startOffset) yield* lostRecords(options, next, name.startOffset);
    next = name.startOffset;
    const unended = () => damaged(next, undefined, "its last line does not end");
    for await (const lines of linesOf(objectBody(store, key, { signal }), unended)) {
      const start = next;
      yield lines.map((line, i) => {
        const [offset, record] = [start + BigInt(i), parseEnvelope(line)];
        if (record === undefined) throw damaged(offset, offset + 1n, "its line is not as the sink writes them");
        return { offset, ...record };
      });
      next += BigInt(lines.length);
    }
  }
  if (next < logEnd) yield* logRecords(options, next, logEnd);
}

async function* logRecords(
  { log, stream, shard, signal }: ShardRecordsOptions,
  from: bigint,
  until: bigint,
): AsyncGenerator<readonly ShardRecord[]> {
  for (let next = from; next < until; ) {
    const maxRecords = Math.min(MAX_RECORDS, Number(until - next));
    const reading = { maxRecords, includeDeleted: true, signal };
    const batch = await log.read(streamTopic(stream), shard, next, reading);
    if (batch.records.length > 0) yield batch.records;
    next = batch.next;
  }
}

/** Records between two objects. Where offsets may leave some out (Kafka) there need not have been any. */
async function* lostRecords(
  options: ShardRecordsOptions,
  from: bigint,
  until: bigint,
): AsyncGenerator<readonly ShardRecord[]> {
  const { log, stream, shard } = options;
  if (!log.supports.denseOffsets) return;
  try {
    yield* logRecords(options, from, until);
  } catch (error) {
    if (!isPinlakeError(error, "OFFSET_OUT_OF_RANGE") && !isPinlakeError(error, "TOPIC_NOT_FOUND")) throw error;
    const key = objectKey({ kind: "stream", name: stream, partition: shard, startOffset: from, format: "json" });
    throw new PinlakeError("OBJECT_NOT_FOUND", { key }, { cause: error });
  }
}

/** The lines of a body, many at a time; throws `unended` where the last has no newline. */
export async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  unended: () => Error,
): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  let lines: Buffer[] = [];
  for await (const chunk of body) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      lines.push(bytes.subarray(from, to));
      from = to + 1;
    }
    rest = bytes.subarray(from);
    if (lines.length < MAX_RECORDS) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
  if (rest.length > 0) throw unended();
}

const START = Buffer.from('{"partitionKey":');
const VALUE = Buffer.from(',"value":');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSE = 0x7d;

/** A line as the sink writes it for streams: the value's bytes are as they were, whatever JSON they are. Undefined for another. */
export function parseEnvelope(line: Buffer): Pick<ShardRecord, "key" | "value"> | undefined {
  const keyEnd = endOfKey(line);
  if (!line.subarray(0, START.length).equals(START) || line.at(-1) !== CLOSE) return undefined;
  try {
    const key = keyOf(line.subarray(START.length, keyEnd));
    if (line.subarray(keyEnd, keyEnd + VALUE.length).equals(VALUE)) {
      const value = line.subarray(keyEnd + VALUE.length, -1);
      return { key, value: value.toString() === "null" ? null : value };
    }
    const { base64 } = JSON.parse(line.toString()) as { readonly base64?: unknown };
    return typeof base64 === "string" ? { key, value: Buffer.from(base64, "base64") } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const keyOf = (json: Buffer): Uint8Array | null => {
  const key = JSON.parse(json.toString()) as string | null;
  return key === null ? null : Buffer.from(key);
};

/** Behind the key; at the line's end when the key has none. */
function endOfKey(line: Buffer): number {
  let at = START.length;
  if (line[at] !== QUOTE) return at + "null".length;
  for (at++; at < line.length && line[at] !== QUOTE; at++) if (line[at] === BACKSLASH) at++;
  return at + 1;
}
