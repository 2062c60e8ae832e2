import type { EventRecord } from "../record.ts";

/**
 * What stands in the place of a record that was lost, so that offsets have no gaps: a JSON string that says so, without a
 * key. Both arms quarantine it as they do any value that is no object: it is seen, and counted.
 */
export const lostRecord = (offset: number | bigint, timestampMs: number): EventRecord => ({
  key: null,
  value: Buffer.from(JSON.stringify(`pinlake: the record at offset ${offset} was lost`)),
  headers: [{ name: "pinlake.lost", value: null }],
  timestampMs,
});
