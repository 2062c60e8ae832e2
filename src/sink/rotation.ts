/** What one object holds at most; a single larger record is an object of its own. */
export interface RotationLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** What decides about an open file. Its lines are the offsets from `startOffset` on, without a gap. */
export interface FileExtent {
  readonly startOffset: bigint;
  readonly records: number;
  readonly bytes: number;
  /** When its first record came, on the monotonic clock. */
  readonly openedAtMs: number;
}

export const endOffset = (file: FileExtent): bigint => file.startOffset + BigInt(file.records);

/** Whether the file takes no further record. */
export const isFull = (file: FileExtent, limits: RotationLimits): boolean =>
  file.records >= limits.maxRecords || file.bytes >= limits.maxBytes;

/** Whether the file has to be closed before the line (with its newline) of the record at `offset` is written elsewhere. */
export function mustCloseBefore(file: FileExtent, offset: bigint, lineBytes: number, limits: RotationLimits): boolean {
  return offset !== endOffset(file) || isFull(file, limits) || file.bytes + lineBytes > limits.maxBytes;
}

/** When an open file is closed for its age, on the monotonic clock. */
export const dueAtMs = (file: FileExtent, limits: RotationLimits): number => file.openedAtMs + limits.maxAgeMs;
