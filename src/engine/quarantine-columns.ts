import type { Column } from "./schema.ts";

/** A record that could not be used, why, and everything needed to replay it. Both arms keep a table of these. */
export const QUARANTINE_COLUMNS: readonly Column[] = [
  { name: "dataset", type: "string" },
  { name: "topic", type: "string" },
  { name: "partition", type: "integer" },
  { name: "offset", type: "long" },
  { name: "reason", type: "string" },
  { name: "detail", type: "string" },
  { name: "raw", type: "string" },
  { name: "at", type: "timestamp" },
];

/** Where a clean row came from: the columns behind a dataset's own. */
export const POSITION_COLUMNS: readonly Column[] = [
  { name: "_topic", type: "string" },
  { name: "_partition", type: "integer" },
  { name: "_offset", type: "long" },
];
