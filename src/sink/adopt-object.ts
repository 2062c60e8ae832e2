import { isPinlakeError, PinlakeError } from "../errors.ts";
import type { EventLog, LogBatch } from "../log/event-log.ts";
import { readObject, unpackObject } from "../store/object-body.ts";
import type { ListedObject } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Render } from "./object-lines.ts";

const NEWLINE = 0x0a;

export interface ObjectOfLog {
  readonly log: EventLog;
  readonly store: ObjectStore;
  /** The log's name of the partition. */
  readonly topic: string;
  readonly partition: number;
  readonly render: Render;
  readonly object: Pick<ListedObject, "name" | "key">;
}

/**
 * Takes over an object that is there already, as this process or an earlier one left it: gives the offset behind its
 * last record. Line by line it must be what the log holds, as far back as the log still reaches: else OBJECT_CONFLICT,
 * or LOG_BEHIND when the object goes on where the log has ended. It is durable afterwards, whatever its writer lived to do.
 */
export async function adoptObject(of: ObjectOfLog): Promise<bigint> {
  const { key } = of.object;
  const stored = await of.store.get(key);
  const body = await unpackObject(key, stored);
  const lines = of.object.name.format === "bin" ? [body] : linesOf(body);
  if (lines === undefined) throw conflict(of, "its last line does not end");
  if (lines.length === 0) throw conflict(of, "it is empty");
  await compare(of, lines);
  await of.store.putIfAbsent(key, stored);
  return of.object.name.startOffset + BigInt(lines.length);
}

/** The offset behind an object's last record. */
export async function objectEnd(store: ObjectStore, { key, name }: ListedObject): Promise<bigint> {
  if (name.format === "bin") return name.startOffset + 1n;
  return name.startOffset + BigInt(linesOf(await readObject(store, key))?.length ?? 0);
}

async function compare(of: ObjectOfLog, lines: readonly Buffer[]): Promise<void> {
  const { startOffset, format } = of.object.name;
  const end = startOffset + BigInt(lines.length);
  for (let at = startOffset; at < end; ) {
    const { records, next } = await readFrom(of, at);
    if (next === at) throw behind(of, end, at);
    for (const record of records) {
      if (at === end) break;
      const expected = of.render(record);
      const same = expected.format === format && lines[Number(at - startOffset)]?.equals(expected.bytes) === true;
      if (record.offset !== at || !same) throw conflict(of, `it differs at offset ${at}`);
      at++;
    }
    if (records.length === 0) at = next;
  }
}

/** Records from an offset on; where retention has taken them, `next` is the first that is left. */
async function readFrom(of: ObjectOfLog, offset: bigint): Promise<LogBatch> {
  try {
    return await of.log.read(of.topic, of.partition, offset, { includeDeleted: true });
  } catch (error) {
    if (!isPinlakeError(error, "OFFSET_OUT_OF_RANGE")) throw error;
    const { start, end } = error.details;
    if (offset > end) throw behind(of, offset, end);
    return { records: [], next: start };
  }
}

/** The lines without their newlines; undefined when the last has none. */
function linesOf(body: Buffer): Buffer[] | undefined {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = body.indexOf(NEWLINE); end !== -1; end = body.indexOf(NEWLINE, start)) {
    lines.push(body.subarray(start, end));
    start = end + 1;
  }
  return start === body.length ? lines : undefined;
}

const conflict = (of: ObjectOfLog, reason: string) =>
  new PinlakeError("OBJECT_CONFLICT", { key: of.object.key, reason });

const behind = ({ topic, partition }: ObjectOfLog, offset: bigint, end: bigint) =>
  new PinlakeError("LOG_BEHIND", { what: "The sink", topic, partition, offset, end });
