/**
 * Sequence numbers as Kinesis clients know them: 56 digits that start with 49. Within a shard they rise with the offset,
 * within a stream with the shard, under a name with the stream's creation; and they can be read back.
 *
 *     49 | creation, 19 digits | shard, 16 digits | offset, 19 digits
 */
export interface SequencePosition {
  /** When the stream was made, in ms: rises with every stream of one name. */
  readonly creation: number;
  readonly shard: number;
  readonly offset: bigint;
}

const CREATION = 19;
const SHARD = 16;
const OFFSET = 19;

export const encodeSequenceNumber = ({ creation, shard, offset }: SequencePosition): string =>
  sequencePrefix(creation, shard) + sequenceOffset(offset);

/** What all sequence numbers of a shard begin with. */
export const sequencePrefix = (creation: number, shard: number): string =>
  `49${String(creation).padStart(CREATION, "0")}${String(shard).padStart(SHARD, "0")}`;

/** What a sequence number ends with, behind its shard's prefix. */
export const sequenceOffset = (offset: bigint): string => String(offset).padStart(OFFSET, "0");

/** Undefined for a text that is no sequence number of ours. */
export function decodeSequenceNumber(text: string): SequencePosition | undefined {
  const match = /^49(\d{19})(\d{16})(\d{19})$/.exec(text);
  if (match === null) return undefined;
  const creation = Number(match[1]);
  const shard = Number(match[2]);
  const offset = BigInt(match[3]!);
  if (!Number.isSafeInteger(creation) || !Number.isSafeInteger(shard) || offset >= 2n ** 63n) return undefined;
  return { creation, shard, offset };
}
