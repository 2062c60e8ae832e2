import type { Clock } from "../clock.ts";
import { codeOf } from "../errors.ts";
import type { Sink } from "../sink/sink.ts";
import type { StreamArm } from "../stream/stream-arm.ts";
import type { Logger } from "./logger.ts";

export interface WatchStagesOptions {
  readonly sink: Pick<Sink, "status">;
  readonly stream: Pick<StreamArm, "status">;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const EVERY_MS = 1000;

/**
 * Writes a line when a partition cannot be landed or a table not be written, and when it can be again; until the signal
 * aborts. What fails is tried again by its stage.
 */
export async function watchStages({ sink, stream, logger, clock, signal }: WatchStagesOptions): Promise<void> {
  for (let before: Hindrances = new Map(); ; ) {
    const now = hindrances(sink, stream);
    for (const [id, { fields, reason }] of now) {
      if (before.get(id)?.reason === reason) continue;
      logger.error(fields, `${id} does not go on: ${reason}`);
    }
    for (const [id, { fields }] of before) if (!now.has(id)) logger.info(fields, `${id} goes on again`);
    before = now;
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
  }
}

type Hindrances = ReadonlyMap<string, { readonly fields: Readonly<Record<string, unknown>>; readonly reason: string }>;

function hindrances(sink: Pick<Sink, "status">, stream: Pick<StreamArm, "status">): Hindrances {
  const found = new Map<string, { fields: Record<string, unknown>; reason: string }>();
  for (const { kind, name, partition, error } of sink.status().partitions) {
    if (error === undefined) continue;
    const fields = { stage: "sink", [kind]: name, partition, code: codeOf(error) };
    found.set(`sink of ${kind} "${name}", partition ${partition}`, { fields, reason: error.message });
  }
  for (const { dataset, failure } of stream.status().datasets)
    if (failure !== undefined)
      found.set(`stream table "${dataset}"`, { fields: { stage: "stream", dataset }, reason: failure });
  return found;
}
