import { PinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { BodyBuffers } from "./body-buffers.ts";
import type { Render } from "./object-lines.ts";
import { openFile } from "./open-file.ts";

const PIECE_BYTES = 4 * 1024 * 1024;

export interface LogRange {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly topic: string;
  readonly partition: number;
  readonly render: Render;
  readonly buffers: BodyBuffers;
  readonly key: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** Writes an object whose bytes are not in memory, by reading its records again. False when the key is taken. */
export async function writeFromLog(range: LogRange): Promise<boolean> {
  const { log, store, topic, partition, render, buffers, key, start, end } = range;
  const writer = await store.writer(key);
  try {
    for (let at = start; at < end; ) {
      const maxRecords = Number(end - at < 10_000n ? end - at : 10_000n);
      const batch = await log.read(topic, partition, at, { includeDeleted: true, maxRecords, maxBytes: PIECE_BYTES });
      if (batch.next === at)
        throw new PinlakeError("INTERNAL", { reason: `Offset ${at} of ${topic} is not in the log` });
      const piece = openFile(at, 0, buffers);
      for (const record of batch.records) piece.add(render(record).bytes);
      await writer.write(piece.body() as Uint8Array);
      piece.forgetBody();
      at = batch.next;
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return await writer.commitIfAbsent();
}
