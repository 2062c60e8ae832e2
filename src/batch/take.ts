import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dataset, matchesPattern } from "../define/dataset.ts";
import type { RawInput } from "../engine/clean-files.ts";
import type { Taken } from "../quarantine/progress.ts";
import type { ObjectPartition } from "../store/layout.ts";
import { objectBody, plainPath } from "../store/object-body.ts";
import { type ListedObject, listObjects, objectPartitions } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** An object with records that a run has to take. */
export interface TakenObject extends ListedObject {
  /** The first offset to take: the object's own start, or one inside it. */
  readonly from: bigint;
}

/** What one run takes: every record of these partitions below `next` that the table does not have. */
export interface Take {
  readonly objects: readonly TakenObject[];
  readonly taken: readonly Taken[];
}

/** The objects of a dataset's topics at or above what `next` says has been taken, by topic, partition and offset. */
export async function planTake(
  store: ObjectStore,
  dataset: Dataset,
  next: (topic: string, partition: number) => bigint,
  signal?: AbortSignal,
): Promise<Take> {
  const objects: TakenObject[] = [];
  const taken: Taken[] = [];
  for await (const of of objectPartitions(store, signal)) {
    const { name: topic, partition } = of;
    if (of.kind !== "topic" || !takes(dataset, topic)) continue;
    const found = await objectsFrom(store, of, next(topic, partition), signal);
    const last = found.at(-1);
    if (last === undefined) continue;
    objects.push(...found);
    taken.push({ topic, partition, next: last.name.startOffset + (await linesIn(store, last, signal)) });
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
    if (before !== undefined && before.name.startOffset + (await linesIn(store, before, signal)) > next)
      found.unshift({ ...before, from: next });
  }
  return found;
}

const atItsStart = (object: ListedObject): TakenObject => ({ ...object, from: object.name.startOffset });

const NEWLINE = 10;

async function linesIn(store: ObjectStore, { key, name }: ListedObject, signal?: AbortSignal): Promise<bigint> {
  if (name.format === "bin") return 1n;
  let lines = 0n;
  let last: number = NEWLINE;
  for await (const chunk of objectBody(store, key, signal === undefined ? {} : { signal })) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
    last = chunk.at(-1) ?? last;
  }
  return last === NEWLINE ? lines : lines + 1n;
}

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

/** An object as the cleaning reads it: the file itself where it is one, else a copy in the folder. */
export async function rawInput(
  store: ObjectStore,
  { key, name, from }: TakenObject,
  folder: string,
  signal?: AbortSignal,
): Promise<RawInput> {
  const of = { topic: name.name, partition: name.partition };
  const options = signal === undefined ? {} : { signal };
  if (name.format === "bin")
    return { ...of, records: [{ offset: name.startOffset, value: await store.get(key, options) }] };
  const local = plainPath(store, key);
  if (local !== undefined && from === name.startOffset) return { ...of, path: local, startOffset: from };
  const path = join(folder, `${randomUUID()}.json`); // a topic's name may be as long as a file's name can be
  await writeFile(path, linesFrom(objectBody(store, key, options), from - name.startOffset));
  return { ...of, path, startOffset: from, temporary: true };
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
