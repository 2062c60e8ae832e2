import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Dataset, matchesPattern } from "../define/dataset.ts";
import type { RawInput } from "../engine/clean.ts";
import type { Taken } from "../quarantine/progress.ts";
import { type ObjectName, parseObjectKey, partitionPrefix } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** An object with records that a run has to take. */
export interface TakenObject {
  readonly key: string;
  readonly name: ObjectName;
  readonly bytes: number;
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
  for await (const { name: topic, partition } of topicPartitions(store, signal)) {
    if (!dataset.inputs.topics.some((pattern) => matchesPattern(pattern, topic))) continue;
    const found = await objectsFrom(store, topic, partition, next(topic, partition), signal);
    const last = found.at(-1);
    if (last === undefined) continue;
    objects.push(...found);
    taken.push({ topic, partition, next: last.name.startOffset + (await linesIn(store, last, signal)) });
  }
  return { objects, taken };
}

/** Topic partitions that have objects. Costs a listing per partition, whatever lies in it. */
async function* topicPartitions(store: ObjectStore, signal?: AbortSignal) {
  let startAfter = "topics/";
  for (;;) {
    let found: string | undefined;
    for await (const { key } of store.list("topics/", { startAfter, ...(signal === undefined ? {} : { signal }) })) {
      found = key;
      break;
    }
    if (found === undefined) return;
    const name = parseObjectKey(found);
    if (name?.kind === "topic") yield name;
    startAfter = name === undefined ? found : `${partitionPrefix(name)}\u{10ffff}`;
  }
}

async function objectsFrom(
  store: ObjectStore,
  topic: string,
  partition: number,
  next: bigint,
  signal?: AbortSignal,
): Promise<TakenObject[]> {
  const prefix = partitionPrefix({ kind: "topic", name: topic, partition });
  const all: TakenObject[] = [];
  for await (const { key, bytes } of store.list(prefix, signal === undefined ? {} : { signal })) {
    const name = parseObjectKey(key);
    if (name !== undefined) all.push({ key, name, bytes, from: name.startOffset });
  }
  all.sort((a, b) => (a.from < b.from ? -1 : 1));
  const firstNew = all.findIndex(({ from }) => from >= next);
  const found = firstNew === -1 ? [] : all.slice(firstNew);
  const before = firstNew === -1 ? all.at(-1) : all[firstNew - 1];
  // Objects begin where an earlier one ended, so that only a stranger's cut can leave `next` inside of one.
  if (before !== undefined && found[0]?.from !== next) {
    const end = before.from + (await linesIn(store, before, signal));
    if (end > next) found.unshift({ ...before, from: next });
  }
  return found;
}

const NEWLINE = 10;

async function linesIn(store: ObjectStore, { key, name }: TakenObject, signal?: AbortSignal): Promise<bigint> {
  if (name.format === "bin") return 1n;
  let lines = 0n;
  let last: number = NEWLINE;
  for await (const chunk of store.stream(key, signal === undefined ? {} : { signal })) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
    last = chunk.at(-1) ?? last;
  }
  return last === NEWLINE ? lines : lines + 1n;
}

/** Objects in groups of at most so many bytes (an object is never divided). */
export function inChunks(objects: readonly TakenObject[], maxBytes: number): TakenObject[][] {
  const chunks: TakenObject[][] = [];
  let bytes = 0;
  for (const object of objects) {
    const current = chunks.at(-1);
    if (current === undefined || bytes + object.bytes > maxBytes) {
      chunks.push([object]);
      bytes = object.bytes;
    } else {
      current.push(object);
      bytes += object.bytes;
    }
  }
  return chunks;
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
  const local = store.localPath(key);
  if (local !== undefined && from === name.startOffset)
    return { ...of, path: local, startOffset: from, lines: "value" };
  const path = join(folder, `${name.name}+${name.partition}+${from}.json`);
  await writeFile(path, linesFrom(store.stream(key, options), from - name.startOffset));
  return { ...of, path, startOffset: from, lines: "value" };
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
