/** Which groups keep records from being removed, and from which offset on. */
export interface Holds {
  add(group: string, takes: (topic: string) => boolean): void;
  has(group: string): boolean;
  /** The group that is furthest behind in a partition, and the offset that it wants next; undefined when none claims the topic. */
  lowest(topic: string, partition: number): Hold | undefined;
  /** The lowest offset that a group still wants; infinite when none claims the topic. */
  heldFrom(topic: string, partition: number): number;
}

export interface Hold {
  readonly group: string;
  readonly from: number;
}

export function holds(committed: (group: string, topic: string, partition: number) => bigint | undefined): Holds {
  const groups = new Map<string, (topic: string) => boolean>();

  function lowest(topic: string, partition: number): Hold | undefined {
    let found: Hold | undefined;
    for (const [group, takes] of groups) {
      if (!takes(topic)) continue;
      const from = Number(committed(group, topic, partition) ?? 0n);
      if (found === undefined || from < found.from) found = { group, from };
    }
    return found;
  }

  return {
    add: (group, takes) => void groups.set(group, takes),
    has: (group) => groups.has(group),
    lowest,
    heldFrom: (topic, partition) => lowest(topic, partition)?.from ?? Number.POSITIVE_INFINITY,
  };
}
