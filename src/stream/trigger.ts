export interface TriggerLimits {
  readonly maxRecords: number;
  readonly triggerMs: number;
}

export interface WaitingRecords {
  readonly records: number;
  /** There is more than one micro-batch takes. */
  readonly backlog: boolean;
  /** When the first of them came, or the previous micro-batch was cut: on the clock that `nowMs` reads. */
  readonly sinceMs: number;
  /** Somebody waits for the table to catch up. */
  readonly urgent: boolean;
}

/** How long the micro-batch may still wait for more records: 0 is "commit now", undefined "there is nothing to commit". */
export function commitIn(waiting: WaitingRecords, limits: TriggerLimits, nowMs: number): number | undefined {
  if (waiting.records === 0) return undefined;
  if (waiting.backlog || waiting.urgent || waiting.records >= limits.maxRecords) return 0;
  return Math.max(0, waiting.sinceMs + limits.triggerMs - nowMs);
}
