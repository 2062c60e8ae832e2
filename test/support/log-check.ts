import { expect } from "vitest";
import type { EventLog } from "../../src/log/event-log.ts";
import { readAll, text } from "./event-log.ts";
import type { Acknowledged } from "./log-load.ts";

/** Every acknowledged value is there once, at its offset. `only`: and nothing else is. */
export async function expectAcknowledged(
  log: EventLog,
  acknowledged: readonly Acknowledged[],
  { only = false }: { readonly only?: boolean } = {},
): Promise<void> {
  const places = new Map<string, string>();
  for (const { topic, partition } of await log.stagePartitions()) {
    let last = -1n;
    for (const record of await readAll(log, topic, partition, true)) {
      const value = text(record.value)!;
      expect(places.get(value), `${value} stands twice`).toBeUndefined();
      if (last >= 0n) expect(record.offset, `${topic}/${partition} has no gaps`).toBe(last + 1n);
      last = record.offset;
      places.set(value, `${topic}/${partition}@${record.offset}`);
    }
  }
  for (const { value, topic, partition, offset } of acknowledged) {
    expect(places.get(value), `acknowledged ${value}`).toBe(`${topic}/${partition}@${offset}`);
    if (only) places.delete(value);
  }
  if (only) expect([...places.values()], "what was not acknowledged").toEqual([]);
}
