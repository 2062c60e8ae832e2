import { PinlakeError } from "../errors.ts";
import type { AppendOutcome, AppendRecord } from "./event-log.ts";
import { partitionOfKey } from "./partitioner.ts";
import type { Block, TopicEntry } from "./record-storage.ts";

/** The records of one call that go to one partition. */
export interface Part {
  readonly partition: number;
  readonly records: AppendRecord[];
  /** Their places in the call. */
  readonly places: number[];
  /** Set when the part is laid into a frame. */
  block: Block | undefined;
  first: number;
}

/** What is stored together or not at all: a call, or a share of one that is too large for a frame. */
export interface AppendUnit {
  readonly call: AppendCall;
  readonly entry: TopicEntry;
  readonly incarnation: number;
  readonly parts: readonly Part[];
  readonly bytes: number;
}

export interface AppendCall {
  readonly outcomes: AppendOutcome[];
  unitsLeft: number;
  anyStored: boolean;
  firstError: Error | undefined;
  readonly resolve: (outcomes: AppendOutcome[]) => void;
  readonly reject: (error: Error) => void;
}

export interface UnitLimits {
  readonly maxRecordBytes: number;
  readonly maxUnitBytes: number;
}

/** What a record occupies at most, beside its bytes: in memory and in a frame. */
const RECORD_OVERHEAD = 64;

export function recordBytes(record: AppendRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers) bytes += name.length + (value?.length ?? 0);
  return bytes;
}

/** Cuts a call into units; what cannot be stored at all has its outcome at once. `keyless` gives the partition for records without a key. */
export function unitsOf(
  call: AppendCall,
  entry: TopicEntry,
  records: readonly AppendRecord[],
  limits: UnitLimits,
  keyless: () => number,
): AppendUnit[] {
  const { state } = entry;
  const units: AppendUnit[] = [];
  let parts: Part[] = [];
  let bytes = 0;
  let stickTo = -1;
  const cut = () => {
    if (parts.length > 0) units.push({ call, entry, incarnation: state.incarnation, parts, bytes });
    parts = [];
    bytes = 0;
  };
  for (let place = 0; place < records.length; place++) {
    const record = records[place]!;
    const size = recordBytes(record);
    if (size > limits.maxRecordBytes) {
      failPlace(call, place, new PinlakeError("RECORD_TOO_LARGE", { bytes: size, maxBytes: limits.maxRecordBytes }));
      continue;
    }
    let partition = record.partition;
    if (partition === undefined) {
      if (record.key !== null) partition = partitionOfKey(record.key, state.partitions.length);
      else {
        if (stickTo < 0) stickTo = keyless();
        partition = stickTo;
      }
    }
    const error = whyNot(entry, state.incarnation, partition);
    if (error !== undefined) {
      failPlace(call, place, error);
      continue;
    }
    if (bytes + size + RECORD_OVERHEAD > limits.maxUnitBytes) cut();
    bytes += size + RECORD_OVERHEAD;
    let part = parts.at(-1);
    if (part?.partition !== partition) {
      part = parts.find((p) => p.partition === partition);
      if (part === undefined) {
        part = { partition, records: [], places: [], block: undefined, first: 0 };
        parts.push(part);
      }
    }
    part.records.push(record);
    part.places.push(place);
  }
  cut();
  call.unitsLeft = units.length;
  return units;
}

/** Why a partition takes no record of this incarnation now, if so. */
export function whyNot({ state }: TopicEntry, incarnation: number, partition: number): Error | undefined {
  if (state.deleted || state.incarnation !== incarnation)
    return new PinlakeError("TOPIC_NOT_FOUND", { topic: state.topic });
  const found = state.partitions[partition];
  if (found === undefined)
    return new PinlakeError("PARTITION_NOT_FOUND", {
      topic: state.topic,
      partition,
      partitions: state.partitions.length,
    });
  return found.closed ? new PinlakeError("PARTITION_CLOSED", { topic: state.topic, partition }) : undefined;
}

/** The unit's parts were stored: every part that has a block. */
export function unitStored({ call, parts }: AppendUnit): void {
  for (const { partition, places, block, first } of parts) {
    if (block === undefined) continue;
    call.anyStored = true;
    for (let i = 0; i < places.length; i++)
      call.outcomes[places[i]!] = { partition, offset: BigInt(block.base + first + i) };
  }
  settle(call);
}

export function unitFailed({ call, parts }: AppendUnit, error: Error): void {
  for (const part of parts) if (part.block !== undefined) failPart(call, part, error);
  settle(call);
}

export function failPart(call: AppendCall, part: Part, error: Error): void {
  for (const place of part.places) failPlace(call, place, error);
}

function failPlace(call: AppendCall, place: number, error: Error): void {
  call.firstError ??= error;
  call.outcomes[place] = { error };
}

function settle(call: AppendCall): void {
  call.unitsLeft--;
  finishIfDone(call);
}

export function finishIfDone(call: AppendCall): void {
  if (call.unitsLeft > 0) return;
  if (call.anyStored || call.firstError === undefined) call.resolve(call.outcomes);
  else call.reject(call.firstError);
}
