import type { SourceRow } from "../define/source.ts";
import type { Key } from "./plan.ts";

/** One record on its way, in the body that the original's scripts send. */
export interface PostRequest {
  readonly arm: "batch" | "stream";
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** A topic or stream that one dataset's rows go to. */
export interface Target {
  readonly arm: "batch" | "stream";
  readonly name: string;
  /** Whether records are spread: then the row's key keeps all of a row's versions in one place. */
  readonly keyed: boolean;
  /** The partition key when they are not: the original's scripts use a constant. */
  readonly constantKey: string;
}

/** The request that posts a row (given as JSON text) to a target. */
export function postRequest(target: Target, key: Key, row: string): PostRequest {
  const name = encodeURIComponent(target.name);
  if (target.arm === "batch")
    return {
      arm: "batch",
      method: "POST",
      path: `/topics/${name}`,
      contentType: "application/vnd.kafka.json.v2+json",
      body: target.keyed
        ? `{"records":[{"key":${JSON.stringify(key)},"value":${row}}]}`
        : `{"records":[{"value":${row}}]}`,
    };
  const partitionKey = JSON.stringify(target.keyed ? String(key) : target.constantKey);
  return {
    arm: "stream",
    method: "PUT",
    path: `/streams/${name}/record`,
    contentType: "application/json",
    body: `{"StreamName":${JSON.stringify(target.name)},"Data":${row},"PartitionKey":${partitionKey}}`,
  };
}

/** A row as JSON text: integers beyond 2^53 with all their digits. */
export function rowText(row: SourceRow): string {
  const values = Object.values(row);
  if (!values.some((value) => typeof value === "bigint")) return JSON.stringify(row);
  const members = Object.keys(row).map((column, i) => {
    const value = values[i];
    return `${JSON.stringify(column)}:${typeof value === "bigint" ? value : JSON.stringify(value)}`;
  });
  return `{${members.join(",")}}`;
}
