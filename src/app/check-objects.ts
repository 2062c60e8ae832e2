import { isPinlakeError } from "../errors.ts";
import type { EventLog } from "../log/event-log.ts";
import { streamTopic } from "../log/names.ts";
import { placeOf, SINK_GROUP } from "../sink/sink.ts";
import type { ObjectPartition } from "../store/layout.ts";
import { objectBody } from "../store/object-body.ts";
import { type ListedObject, listObjects, objectPartitions } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** Offsets of a partition that its objects do not hold as they should. */
export interface ObjectDamage {
  readonly of: ObjectPartition;
  /** The object that is no good; undefined where one is missing. */
  readonly key: string | undefined;
  readonly from: bigint;
  /** Exclusive; undefined when only the lost lines could tell. */
  readonly to: bigint | undefined;
  readonly reason: string;
}

/**
 * Reads every object to its end: yields those that are cut short, torn or packed wrongly, and what lies in none,
 * although the sink has landed it.
 */
export async function* damagedObjects(
  store: ObjectStore,
  log: Pick<EventLog, "committed" | "stagePartitions">,
  signal: AbortSignal,
): AsyncGenerator<ObjectDamage> {
  const seen = new Set<string>();
  for await (const of of objectPartitions(store, signal)) {
    seen.add(`${logTopicOf(of)}/${of.partition}`);
    yield* damageOf(store, of, await landedOf(log, of), signal);
  }
  for (const { topic, partition } of await log.stagePartitions()) {
    const of = placeOf(topic, partition);
    if (of === undefined || seen.has(`${topic}/${partition}`)) continue;
    const landed = await landedOf(log, of);
    if (landed > 0n) yield nothingHolds(of, 0n, landed);
  }
}

async function* damageOf(
  store: ObjectStore,
  of: ObjectPartition,
  landed: bigint,
  signal: AbortSignal,
): AsyncGenerator<ObjectDamage> {
  const objects = await listObjects(store, of, 0n, signal);
  const first = objects[0]?.name.startOffset ?? 0n;
  if (first > 0n && landed > 0n) yield nothingHolds(of, 0n, first);
  for (const [i, object] of objects.entries()) {
    const from = object.name.startOffset;
    const to = objects[i + 1]?.name.startOffset;
    const { lines, problem } = await readLines(store, object, signal);
    if (problem !== undefined) yield { of, key: object.key, from, to, reason: problem };
    else if (to !== undefined && from + lines > to)
      yield { of, key: object.key, from, to, reason: "it reaches into the next one" };
    else if (to !== undefined && from + lines < to && from + lines < landed)
      yield {
        of,
        key: undefined,
        from: from + lines,
        to,
        reason: `nothing follows ${object.key} up to offset ${to}`,
      };
    else if (to === undefined && from + lines < landed) yield nothingHolds(of, from + lines, landed);
  }
}

const landedOf = async (log: Pick<EventLog, "committed">, of: ObjectPartition): Promise<bigint> =>
  (await log.committed(SINK_GROUP, logTopicOf(of), of.partition)) ?? 0n;

const nothingHolds = (of: ObjectPartition, from: bigint, to: bigint): ObjectDamage => ({
  of,
  key: undefined,
  from,
  to,
  reason: "no object holds them",
});

/** The log's name of what the objects hold. */
export const logTopicOf = ({ kind, name }: ObjectPartition): string => (kind === "stream" ? streamTopic(name) : name);

const NEWLINE = 10;

async function readLines(store: ObjectStore, { key, name }: ListedObject, signal: AbortSignal) {
  let lines = 0n;
  let last: number | undefined;
  try {
    for await (const chunk of objectBody(store, key, { signal })) {
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
      last = chunk.at(-1) ?? last;
    }
  } catch (error) {
    if (!isPinlakeError(error, "OBJECT_DAMAGED")) throw error;
    return { lines: 0n, problem: error.details.reason };
  }
  if (name.format === "bin") return { lines: 1n };
  if (last === undefined) return { lines, problem: "it is empty" };
  return last === NEWLINE ? { lines } : { lines, problem: "its last line does not end" };
}
