/** Which groups keep records from being removed, and from which offset on. */
export interface Holds {
  add(group: string, takes: (topic: string) => boolean): void;
  has(group: string): boolean;
  /** The lowest offset that a group still wants; infinite when none claims the topic. */
  heldFrom(topic: string, partition: number): number;
}

export function holds(committed: (group: string, topic: string, partition: number) => bigint | undefined): Holds {
  const groups = new Map<string, (topic: string) => boolean>();
  return {
    add: (group, takes) => void groups.set(group, takes),
    has: (group) => groups.has(group),
    heldFrom(topic, partition) {
      let from = Number.POSITIVE_INFINITY;
      for (const [group, takes] of groups)
        if (takes(topic)) from = Math.min(from, Number(committed(group, topic, partition) ?? 0n));
      return from;
    },
  };
}
