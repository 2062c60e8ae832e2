import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { type Compressor, compressor } from "../store/compression.ts";
import type { ObjectStore, ObjectWriter } from "../store/object-store.ts";
import type { BodyBuffers } from "./body-buffers.ts";
import type { Render } from "./object-lines.ts";
import type { Packing } from "./packed-body.ts";
import { lineBuffer } from "./plain-body.ts";

const PIECE_BYTES = 4 * 1024 * 1024;

export interface LogRange {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly topic: string;
  readonly partition: number;
  readonly render: Render;
  readonly buffers: BodyBuffers;
  /** Undefined: lines as they are. */
  readonly packing: Packing | undefined;
  readonly key: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** Writes an object whose bytes are not in memory, by reading its records again. False when the key is taken. */
export async function writeFromLog(range: LogRange): Promise<boolean> {
  const { store, packing, key } = range;
  const writer = await store.writer(key);
  const packer = packing && compressor(packing.compression);
  try {
    for await (const piece of pieces(range)) {
      if (packing === undefined) await writer.write(piece);
      else await packing.inTurn(() => (packer as Compressor).write(piece));
      await passOn(packer, writer);
    }
    if (packing !== undefined) await packing.inTurn((packer as Compressor).end);
    await passOn(packer, writer);
  } catch (error) {
    packer?.abort();
    await writer.abort();
    throw error;
  }
  return await writer.commitIfAbsent();
}

async function passOn(packer: Compressor | undefined, writer: ObjectWriter): Promise<void> {
  const packed = packer?.drain();
  if (packed !== undefined && packed.length > 0) await writer.write(packed);
}

/** The lines, so much at a time; a piece holds until the next is asked for. */
async function* pieces(range: LogRange): AsyncGenerator<Uint8Array> {
  const { log, topic, partition, render, buffers, start, end } = range;
  const lines = lineBuffer(buffers);
  for (let at = start; at < end; ) {
    const maxRecords = Number(end - at < 10_000n ? end - at : 10_000n);
    const batch = await log.read(topic, partition, at, { includeDeleted: true, maxRecords, maxBytes: PIECE_BYTES });
    if (batch.next === at) throw new PinlakeError("INTERNAL", { reason: `Offset ${at} of ${topic} is not in the log` });
    for (const record of batch.records) lines.add(render(record).bytes);
    yield lines.bytes();
    lines.release();
    at = batch.next;
  }
}
