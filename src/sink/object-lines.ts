import type { LogRecord } from "../record.ts";
import type { ObjectName, ObjectPartition } from "../store/layout.ts";
import { jsonLine } from "./json-text.ts";

/** A record as it stands in objects: a line of one (its newline not included), or the whole of a `bin` object. */
export interface Rendered {
  readonly format: ObjectName["format"];
  readonly bytes: Uint8Array;
}

export type Render = (record: Pick<LogRecord, "key" | "value">) => Rendered;

const NULL = Buffer.from("null");

/** How records of a partition are rendered. The same record always gives the same bytes: restarts compare them. */
export const renderFor = (kind: ObjectPartition["kind"]): Render => (kind === "topic" ? topicLine : streamLine);

const topicLine: Render = ({ value }) => {
  if (value === null) return { format: "json", bytes: NULL };
  const line = jsonLine(value);
  return line === undefined ? { format: "bin", bytes: value } : { format: "json", bytes: line };
};

/** A shared stream is routed by partition key, so that stands in each line beside the value. */
const streamLine: Render = ({ key, value }) => {
  const partitionKey = key === null ? "null" : JSON.stringify(Buffer.from(key).toString());
  const line = value === null ? NULL : jsonLine(value);
  const [name, body] =
    line === undefined
      ? ["base64", Buffer.from(`"${Buffer.from(value as Uint8Array).toString("base64")}"`)]
      : ["value", line];
  return {
    format: "json",
    bytes: Buffer.concat([Buffer.from(`{"partitionKey":${partitionKey},"${name}":`), body, CLOSE]),
  };
};

const CLOSE = Buffer.from("}");
