import type { Clock } from "../clock.ts";
import { PinlakeError } from "../errors.ts";
import type { EventLog, PartitionBounds } from "../log/event-log.ts";
import type { LogRecord } from "../record.ts";
import { type ObjectName, type ObjectPartition, objectKey } from "../store/layout.ts";
import { type ListedObject, listObjects } from "../store/object-listing.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { adoptObject, objectEnd } from "./adopt-object.ts";
import type { BodyBuffers } from "./body-buffers.ts";
import { renderFor } from "./object-lines.ts";
import { type FileBody, type OpenFile, openFile } from "./open-file.ts";
import { type Packing, packedBody } from "./packed-body.ts";
import { plainBody } from "./plain-body.ts";
import { dueAtMs, endOffset, isFull, mustCloseBefore, type RotationLimits } from "./rotation.ts";
import { writeFromLog } from "./write-from-log.ts";

export const SINK_GROUP = "pinlake.sink";

/** A read holds this much of a partition in memory at most, beside the open file. */
const READ_BYTES = 1024 * 1024;

/** What is read is known to be there; a log on the network may take so long to give it. */
const READ_WAIT_MS = 30_000;

export interface PartitionSinkOptions {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly limits: RotationLimits;
  /** The log's name of the partition. */
  readonly topic: string;
  /** Its name in the store. */
  readonly of: ObjectPartition;
  readonly buffers: BodyBuffers;
  /** How objects of lines are packed from now on; undefined: not at all. What is there stays as it is. */
  readonly packing: Packing | undefined;
  /** Whether open files may keep their bytes in memory. */
  readonly mayHold: () => boolean;
}

export interface StepRequest {
  /** Go up to this offset. */
  readonly until: bigint;
  /** Close the open file there, whatever its age. */
  readonly cut: boolean;
  readonly signal?: AbortSignal;
}

/** One partition on its way from the log into objects. Calls must not overlap. */
export interface PartitionSink {
  /** Takes over what is in the store; throws LOG_BEHIND and OBJECT_CONFLICT when it does not fit the log. */
  prepare(bounds: PartitionBounds): Promise<void>;
  /** Takes records up to an offset. After an error the same call may be made again: nothing is lost or doubled. */
  step(request: StepRequest): Promise<void>;
  /** The next offset to read, and up to where all lies in objects and is committed. */
  readonly next: bigint;
  readonly committed: bigint;
  readonly open: OpenFile | undefined;
  readonly objectsWritten: number;
  /** Memory for the bytes of objects that are not there yet. */
  heldBytes(): number;
}

/** An object that is being put while the next one is begun. */
interface Departure {
  readonly name: ObjectName;
  readonly end: bigint;
  /** Whether its name was free. */
  readonly placed: Promise<boolean>;
  readonly heldBytes: () => number;
}

export function partitionSink(options: PartitionSinkOptions): PartitionSink {
  const { log, store, clock, limits, topic, of, buffers, packing } = options;
  const { partition } = of;
  const render = renderFor(of.kind);
  const newBody = () => (packing === undefined ? plainBody(buffers) : packedBody(packing, buffers));

  let prepared = false;
  let next = 0n;
  let committed = 0n;
  let open: OpenFile | undefined;
  let leaving: Departure | undefined;
  /** Objects that an earlier life left beyond `next`, in order. */
  let ahead: ListedObject[] = [];
  let objectsWritten = 0;

  async function prepare({ start, end }: PartitionBounds): Promise<void> {
    if (prepared) return;
    const known = await log.committed(SINK_GROUP, topic, partition);
    if (known !== undefined && known > end)
      throw new PinlakeError("LOG_BEHIND", { what: "The sink", topic, partition, offset: known, end });
    committed = known ?? 0n;
    next = known ?? start;
    const lookBack = BigInt(Math.max(limits.maxRecords, 10_000));
    ahead = await listObjects(store, of, known === undefined || known < lookBack ? 0n : known - lookBack);
    await passWhatIsTaken();
    prepared = true;
    while (ahead[0]?.name.startOffset === next) await adoptNext();
  }

  /** Drops the objects below `next`. The last of them may reach over it, when somebody set the group's offset back. */
  async function passWhatIsTaken(): Promise<void> {
    const above = ahead.findIndex(({ name }) => name.startOffset >= next);
    const below = above === -1 ? ahead.length : above;
    const last = ahead[below - 1];
    ahead.splice(0, below);
    if (last !== undefined && (await objectEnd(store, last)) > next) next = await adopt(last);
  }

  const adopt = (object: Pick<ListedObject, "name" | "key">) =>
    adoptObject({ log, store, topic, partition, render, object });

  async function adoptNext(): Promise<void> {
    const object = ahead[0] as ListedObject;
    if (object.name.startOffset < next)
      throw new PinlakeError("OBJECT_CONFLICT", { key: object.key, reason: `others reach up to offset ${next}` });
    next = await adopt(object);
    ahead.shift();
    await commit(next);
  }

  async function commit(offset: bigint): Promise<void> {
    await log.commit(SINK_GROUP, topic, partition, offset);
    committed = offset;
  }

  /** What was taken from here on is taken again. */
  function goBack(offset: bigint): void {
    open?.forgetBody();
    open = undefined;
    next = offset;
  }

  function depart(name: ObjectName, end: bigint, placed: Promise<boolean>, heldBytes: () => number): void {
    placed.catch(() => {}); // thrown by `landed`
    leaving = { name, end, placed, heldBytes };
  }

  /** Waits for the object under way. False when its name was taken: then `next` is behind the object that has it. */
  async function landed(): Promise<boolean> {
    if (leaving === undefined) return true;
    const { name, end, placed } = leaving;
    try {
      if (await placed) {
        objectsWritten++;
        await commit(end);
        return true;
      }
    } catch (error) {
      goBack(name.startOffset);
      throw error;
    } finally {
      leaving = undefined;
    }
    goBack(name.startOffset);
    next = await adopt({ name, key: objectKey(name) });
    await commit(next);
    return false;
  }

  /** Sends a file on its way, once the object before it is there. False when that moved `next`. */
  async function send(file: OpenFile): Promise<boolean> {
    if (!(await landed())) return false;
    const name: ObjectName = {
      ...of,
      startOffset: file.startOffset,
      format: "json",
      ...(packing !== undefined && { compression: packing.compression }),
    };
    const end = endOffset(file);
    const body = file.takeBody();
    depart(name, end, put(objectKey(name), file.startOffset, end, body), () => body?.heldBytes() ?? 0);
    open = undefined;
    return true;
  }

  /** Writes what is open, and waits until all is there. False when an object was in the way: then `next` has moved. */
  const cut = async (): Promise<boolean> => (open === undefined || (await send(open))) && (await landed());

  /** After a failure the bytes are gone: another attempt takes them from the log. */
  async function put(key: string, start: bigint, end: bigint, body: FileBody | undefined): Promise<boolean> {
    if (body === undefined)
      return writeFromLog({ log, store, topic, partition, render, buffers, packing, key, start, end });
    try {
      return await store.putIfAbsent(key, await body.finish());
    } finally {
      body.forget();
    }
  }

  async function putBinary(offset: bigint, bytes: Uint8Array): Promise<boolean> {
    const name: ObjectName = { ...of, startOffset: offset, format: "bin" };
    depart(name, offset + 1n, store.putIfAbsent(objectKey(name), bytes), () => bytes.length);
    return await landed();
  }

  /** Takes records; `next` follows each. False when it did not go on where the batch does. */
  async function take(records: readonly LogRecord[]): Promise<boolean> {
    for (const record of records) {
      const { format, bytes } = render(record);
      const there = ahead[0];
      if (there !== undefined && record.offset >= there.name.startOffset) {
        if (await cut()) next = there.name.startOffset;
        return false;
      }
      if (format === "bin") {
        if (!((await cut()) && (await putBinary(record.offset, bytes)))) return false;
      } else {
        if (open !== undefined && mustCloseBefore(open, record.offset, bytes.length + 1, limits))
          if (!(await send(open))) return false;
        open ??= openFile(record.offset, clock.monotonic(), newBody());
        open.add(bytes);
      }
      next = record.offset + 1n;
    }
    return true;
  }

  /** Reads up to an offset; what becomes full on the way is written. */
  async function takeUntil(until: bigint, signal: AbortSignal | undefined): Promise<void> {
    while (next < until && signal?.aborted !== true) {
      const there = ahead[0]?.name.startOffset;
      if (there !== undefined && there <= next) {
        if (await cut()) await adoptNext();
        continue;
      }
      if (open !== undefined && isFull(open, limits)) {
        await send(open);
        continue;
      }
      const reading = { includeDeleted: true, maxBytes: READ_BYTES, waitMs: READ_WAIT_MS };
      const batch = await log.read(topic, partition, next, reading);
      if (batch.next === next)
        throw new PinlakeError("INTERNAL", { reason: `${topic}/${partition} gave nothing at ${next}, below ${until}` });
      if (await take(batch.records)) next = batch.next;
      if (!options.mayHold()) open?.forgetBody();
      await open?.caughtUp();
    }
  }

  async function step({ until, cut: wanted, signal }: StepRequest): Promise<void> {
    if (!prepared) throw new PinlakeError("INTERNAL", { reason: `${topic} was not prepared` });
    try {
      for (;;) {
        await takeUntil(until, signal);
        // A shorter object of that name was there: what it lacks is taken again.
        if (!(await landed())) continue;
        if (open === undefined) break;
        const due = isFull(open, limits) || clock.monotonic() >= dueAtMs(open, limits);
        const asked = wanted && next >= until && open.startOffset < until;
        if (!(due || asked) || (await cut())) break;
      }
    } finally {
      await leaving?.placed.catch(() => {});
    }
    const there = open?.startOffset ?? next;
    if (committed < there) await commit(there);
  }

  return {
    prepare,
    step,
    get next() {
      return next;
    },
    get committed() {
      return committed;
    },
    get open() {
      return open;
    },
    get objectsWritten() {
      return objectsWritten;
    },
    heldBytes: () => (open?.heldBytes() ?? 0) + (leaving?.heldBytes() ?? 0),
  };
}
