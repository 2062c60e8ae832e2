/** A header of a record, as Kafka has them: names may repeat, values are bytes. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** What the log stores: opaque bytes. A null value is a tombstone. */
export interface EventRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  /** When the record was made (or, if its maker did not say, accepted), in ms since the epoch. */
  readonly timestampMs: number;
}

/** A record at its place in a partition. Offsets start at 0 and stay below 2^63. */
export interface LogRecord extends EventRecord {
  readonly offset: bigint;
}

/** Where a record came from; the total order "newer than" compares offset, then partition, then topic. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);
