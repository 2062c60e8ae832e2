import type { Clock } from "../clock.ts";
import { codeOf } from "../errors.ts";
import type { EventLog, HeldRecords, RetentionStatus } from "../log/event-log.ts";
import type { Logger } from "./logger.ts";

export interface WatchRetentionOptions {
  readonly log: Pick<EventLog, "retention">;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const EVERY_MS = 60_000;

/** Writes a line when the log has removed something, and when something begins or ceases to keep it from that; until the signal aborts. */
export async function watchRetention({ log, logger, clock, signal }: WatchRetentionOptions): Promise<void> {
  for (let before = log.retention(); before !== undefined; ) {
    await clock.sleep(EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    const now = log.retention() ?? before;
    for (const { level, fields, message } of retentionLines(before, now)) logger[level](fields, message);
    before = now;
  }
}

interface Line {
  readonly level: "info" | "warn";
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** What is new between two looks. */
export function retentionLines(before: RetentionStatus, now: RetentionStatus): Line[] {
  const lines: Line[] = [];
  const bytes = now.removedBytes - before.removedBytes;
  if (bytes > 0)
    lines.push({ level: "info", fields: { bytes }, message: "the log removed what was past its retention" });

  const [failed, fails] = [before, now].map(({ failure }) => failure && codeOf(failure));
  if (fails !== undefined && fails !== failed)
    lines.push({ level: "warn", fields: { code: fails }, message: `retention failed: ${now.failure?.message}` });
  if (fails === undefined && failed !== undefined)
    lines.push({ level: "info", fields: {}, message: "retention works again" });

  for (const held of without(now.held, before.held)) {
    const message = `records past their retention stay in the log until ${held.group} has taken them`;
    lines.push({ level: "warn", fields: { ...placeOf(held), from: `${held.from}`, records: held.records }, message });
  }
  for (const held of without(before.held, now.held))
    lines.push({ level: "info", fields: placeOf(held), message: `${held.group} holds nothing back any more` });
  return lines;
}

const placeOf = ({ topic, partition, group }: HeldRecords) => ({ topic, partition, group });

function without(these: readonly HeldRecords[], those: readonly HeldRecords[]): HeldRecords[] {
  const known = new Set(those.map((held) => JSON.stringify(placeOf(held))));
  return these.filter((held) => !known.has(JSON.stringify(placeOf(held))));
}
