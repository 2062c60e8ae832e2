import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dataset, matchesPattern } from "../define/dataset.ts";
import type { RawInput } from "../engine/clean-files.ts";
import { PinlakeError } from "../errors.ts";
import type { Taken } from "../quarantine/progress.ts";
import type { ObjectPartition } from "../store/layout.ts";
import { objectBody, plainPath } from "../store/object-body.ts";
import { type ListedObject, listObjects, objectPartitions } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** An object with records that a run has to take. */
export interface TakenObject extends ListedObject {
  /** The first offset to take: the object's own start, or one inside it. */
  readonly from: bigint;
  /** Where its last line must end, if that is known. */
  readonly to?: bigint;
}

/** What one run takes: every record of these partitions below `next` that the table does not have. */
export interface Take {
  readonly objects: readonly TakenObject[];
  readonly taken: readonly Taken[];
}

export interface PlanTakeOptions {
  /** The first offset that the table does not have. */
  readonly next: (topic: string, partition: number) => bigint;
  /** Every offset has an object: one that is missing is damage. */
  readonly dense: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The objects of a dataset's topics at or above what `next` says has been taken, by topic, partition and offset. Throws
 * OBJECTS_DAMAGED where the first is missing or the last cut short; `rawInput` sees to those between.
 */
export async function planTake(
  store: ObjectStore,
  dataset: Dataset,
  { next, dense, signal }: PlanTakeOptions,
): Promise<Take> {
  const objects: TakenObject[] = [];
  const taken: Taken[] = [];
  for await (const of of objectPartitions(store, signal)) {
    const { name: topic, partition } = of;
    if (of.kind !== "topic" || !takes(dataset, topic)) continue;
    const found = await objectsFrom(store, of, next(topic, partition), signal);
    const [first, last] = [found[0], found.at(-1)];
    if (first === undefined || last === undefined) continue;
    const { lines, ended } = await linesIn(store, last, signal);
    const end = last.name.startOffset + lines;
    const from = next(topic, partition);
    if (dense && first.from > from) throw damaged(of, { from, to: first.from, reason: "no object holds them" });
    if (dense && !ended)
      throw damaged(of, { key: last.key, from: end - 1n, to: undefined, reason: "its last line does not end" });
    for (const [i, object] of found.entries()) {
      const to = found[i + 1]?.name.startOffset;
      objects.push(dense && to !== undefined ? { ...object, to } : object);
    }
    taken.push({ topic, partition, next: end });
  }
  return { objects, taken };
}

/** Whether the batch arm takes this topic for the dataset. */
export const takes = ({ inputs }: Pick<Dataset, "inputs">, topic: string): boolean =>
  inputs.topics.some((pattern) => matchesPattern(pattern, topic));

async function objectsFrom(
  store: ObjectStore,
  of: ObjectPartition,
  next: bigint,
  signal?: AbortSignal,
): Promise<TakenObject[]> {
  const found = (await listObjects(store, of, next, signal)).map(atItsStart);
  const [first] = found;
  // Objects begin where an earlier one ended, so that only a stranger's cut can leave `next` inside of one.
  if (first !== undefined && first.from > next) {
    const before = (await listObjects(store, of, 0n, signal)).findLast(({ name }) => name.startOffset < next);
    if (before !== undefined && before.name.startOffset + (await linesIn(store, before, signal)).lines > next)
      found.unshift({ ...before, from: next });
  }
  return found;
}

const atItsStart = (object: ListedObject): TakenObject => ({ ...object, from: object.name.startOffset });

const NEWLINE = 10;

interface Lines {
  readonly lines: bigint;
  /** Whether the last one has its newline. */
  readonly ended: boolean;
}

async function linesIn(store: ObjectStore, { key, name }: ListedObject, signal?: AbortSignal): Promise<Lines> {
  if (name.format === "bin") return { lines: 1n, ended: true };
  let lines = 0n;
  let last: number = NEWLINE;
  for await (const chunk of objectBody(store, key, signal === undefined ? {} : { signal })) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
    last = chunk.at(-1) ?? last;
  }
  return last === NEWLINE ? { lines, ended: true } : { lines: lines + 1n, ended: false };
}

/** Throws OBJECTS_DAMAGED unless the object ends where the next one begins. */
function checkEnd({ key, name, to }: TakenObject, end: bigint, ended: boolean): void {
  if (to === undefined || (end === to && ended)) return;
  if (end > to) throw damaged(name, { key, from: to, to: end, reason: "it reaches into the next one" });
  if (end === to) throw damaged(name, { key, from: end - 1n, to, reason: "its last line does not end" });
  throw damaged(name, { key, from: end, to, reason: "it ends before the next one begins" });
}

/** Offsets that objects should hold, and do not. */
export const damaged = (
  { name, partition }: Pick<ObjectPartition, "name" | "partition">,
  found: { readonly key?: string; readonly from: bigint; readonly to: bigint | undefined; readonly reason: string },
) => new PinlakeError("OBJECTS_DAMAGED", { key: undefined, ...found, of: `${name}/${partition}` });

const MIN_GROUP_BYTES = 16 * 1024 * 1024;

/**
 * Objects in groups, each of which becomes a file: of at most `maxBytes` (an object is never divided), and smaller
 * towards the end, so that what works on several at once ends with all of them at about the same time.
 */
export function inGroups(
  objects: readonly TakenObject[],
  { maxBytes, atOnce }: { readonly maxBytes: number; readonly atOnce: number },
): TakenObject[][] {
  let left = objects.reduce((sum, { textBytes }) => sum + textBytes, 0);
  const groups: TakenObject[][] = [];
  let [limit, bytes] = [0, 0];
  for (const object of objects) {
    const group = groups.at(-1);
    if (group === undefined || bytes + object.textBytes > limit) {
      limit = Math.min(maxBytes, Math.max(MIN_GROUP_BYTES, atOnce === 1 ? left : left / (2 * atOnce)));
      groups.push([object]);
      bytes = object.textBytes;
    } else {
      group.push(object);
      bytes += object.textBytes;
    }
    left -= object.textBytes;
  }
  return groups;
}

/**
 * An object as the cleaning reads it: the file itself where it is one, else a copy in the folder. Throws
 * OBJECTS_DAMAGED, now or when its lines are counted, unless it ends where the next one begins.
 */
export async function rawInput(
  store: ObjectStore,
  object: TakenObject,
  folder: string,
  signal?: AbortSignal,
): Promise<RawInput> {
  const { key, name, from } = object;
  const of = { topic: name.name, partition: name.partition };
  const options = signal === undefined ? {} : { signal };
  if (name.format === "bin") {
    checkEnd(object, from + 1n, true);
    return { ...of, records: [{ offset: from, value: await store.get(key, options) }] };
  }
  const counted = (lines: number, ended: boolean) => checkEnd(object, from + BigInt(lines), ended);
  const local = plainPath(store, key);
  if (local !== undefined && from === name.startOffset) return { ...of, path: local, startOffset: from, counted };
  const path = join(folder, `${randomUUID()}.json`); // a topic's name may be as long as a file's name can be
  await writeFile(path, linesFrom(objectBody(store, key, options), from - name.startOffset));
  return { ...of, path, startOffset: from, temporary: true, counted };
}

/** The bytes behind the first `skip` lines. */
async function* linesFrom(chunks: AsyncIterable<Uint8Array>, skip: bigint): AsyncGenerator<Uint8Array> {
  let left = skip;
  for await (const chunk of chunks) {
    let start = 0;
    while (left > 0n) {
      const at = chunk.indexOf(NEWLINE, start);
      if (at === -1) break;
      start = at + 1;
      left--;
    }
    if (left === 0n && start < chunk.length) yield chunk.subarray(start);
  }
}
