import { expect, it } from "vitest";
import type { ErrorCode } from "../../src/errors.ts";
import type { AppendRecord, AppendResult, EventLog } from "../../src/log/event-log.ts";
import type { LogRecord } from "../../src/record.ts";

export interface EventLogSubject {
  readonly log: EventLog;
  /** Closes the log and opens it again over the same storage; absent where nothing outlives `close`. */
  readonly reopen?: () => Promise<EventLog>;
  /** Makes the driver carry out retention and deletion now. */
  readonly removeExpired?: (log: EventLog) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (value: Uint8Array | null) => (value === null ? null : new TextDecoder().decode(value));
export const record = (value: string | null, more: Partial<AppendRecord> = {}): AppendRecord => ({
  key: null,
  value: value === null ? null : bytes(value),
  headers: [],
  timestampMs: 1_600_000_000_000,
  ...more,
});
export const values = (records: readonly LogRecord[]) => records.map((r) => text(r.value));
export const code = (expected: ErrorCode) => expect.objectContaining({ code: expected });
export const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

export async function send(log: EventLog, topic: string, ...sent: string[]): Promise<AppendResult[]> {
  return stored(
    await log.append(
      topic,
      sent.map((value) => record(value, { partition: 0 })),
    ),
  );
}

export function stored(outcomes: Awaited<ReturnType<EventLog["append"]>>): AppendResult[] {
  return outcomes.map((outcome) => {
    if ("error" in outcome) throw outcome.error;
    return outcome;
  });
}

export async function readAll(
  log: EventLog,
  topic: string,
  partition = 0,
  includeDeleted = false,
): Promise<LogRecord[]> {
  const part = (await log.stagePartitions()).find((p) => p.topic === topic && p.partition === partition)!;
  const { start, end } = includeDeleted ? part : await log.bounds(topic, partition);
  const records: LogRecord[] = [];
  for (let next = start; next < end; ) {
    const batch = await log.read(topic, partition, next, { includeDeleted });
    records.push(...batch.records);
    next = batch.next;
  }
  return records;
}

/** `it`, with a log of its own that is disposed of afterwards. */
export const promises =
  (create: () => Promise<EventLogSubject>) =>
  (promise: string, body: (log: EventLog, subject: EventLogSubject) => Promise<void>): void =>
    void it(promise, async () => {
      const subject = await create();
      try {
        await body(subject.log, subject);
      } finally {
        await subject.dispose();
      }
    });
