import { PinlakeError } from "../errors.ts";
import { type ObjectName, type ObjectPartition, objectKey, parseObjectKey, partitionPrefix } from "./layout.ts";
import type { ObjectStore } from "./object-store.ts";

export interface ListedObject {
  readonly name: ObjectName;
  readonly key: string;
  /** As it is stored. */
  readonly bytes: number;
  /** How much text that is: exact where it is not packed, else a guess. */
  readonly textBytes: number;
}

/** Records of JSON are packed to a tenth of their size and more. */
const PACKED_TO = 1 / 8;

/** From here on offsets have as many digits as names are padded to, and longer ones may stand before them in byte order. */
const FULL_WIDTH = 1_000_000_000n;

/**
 * The objects of a partition that start at `from` or later, in order of their offsets (which is not the order of their
 * names once these have more than ten digits). Costs what lies above `from`, not what lies below. An object ends where
 * the next one starts, unless offsets were left out; only reading tells where the last one ends. Throws OBJECT_CONFLICT
 * where two begin at the same offset, as a copy of one that somebody packed would.
 */
export async function listObjects(
  store: ObjectStore,
  of: ObjectPartition,
  from = 0n,
  signal?: AbortSignal,
): Promise<ListedObject[]> {
  const before = (from < FULL_WIDTH ? from : FULL_WIDTH) - 1n;
  const listed: ListedObject[] = [];
  const options = {
    ...(before >= 0n && { startAfter: objectKey({ ...of, startOffset: before, format: "json" }) }),
    ...(signal !== undefined && { signal }),
  };
  for await (const { key, bytes } of store.list(partitionPrefix(of), options)) {
    const name = parseObjectKey(key);
    if (name === undefined || name.startOffset < from) continue;
    listed.push({ name, key, bytes, textBytes: name.compression === undefined ? bytes : bytes / PACKED_TO });
  }
  listed.sort((a, b) => (a.name.startOffset < b.name.startOffset ? -1 : 1));
  const twice = listed.find(({ name }, i) => name.startOffset === listed[i - 1]?.name.startOffset);
  if (twice !== undefined)
    throw new PinlakeError("OBJECT_CONFLICT", { key: twice.key, reason: "another begins at the same offset" });
  return listed;
}

/** Every partition that has objects, by one look per partition however many objects it holds. */
export async function* objectPartitions(store: ObjectStore, signal?: AbortSignal): AsyncGenerator<ObjectPartition> {
  for (const folder of ["streams/", "topics/"]) {
    let startAfter = folder;
    for (;;) {
      const first = await firstKey(store, folder, startAfter, signal);
      if (first === undefined) break;
      const name = parseObjectKey(first);
      if (name === undefined) {
        startAfter = first;
        continue;
      }
      const partition = { kind: name.kind, name: name.name, partition: name.partition };
      yield partition;
      startAfter = `${partitionPrefix(partition)}\u{10ffff}`;
    }
  }
}

async function firstKey(
  store: ObjectStore,
  prefix: string,
  startAfter: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for await (const { key } of store.list(prefix, { startAfter, ...(signal !== undefined && { signal }) })) return key;
  return undefined;
}
