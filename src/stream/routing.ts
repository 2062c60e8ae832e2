import { type Dataset, matchesPattern } from "../define/dataset.ts";

type Inputs = Pick<Dataset, "name" | "inputs">;

/**
 * What a dataset takes of a stream: every record; those whose partition key it names; or nothing. A stream that a
 * `streams` pattern of any dataset claims is not shared: partition keys say nothing about it.
 */
export type Claim = "whole" | "by-key" | "none";

export function claimOn(dataset: Inputs, stream: string, datasets: readonly Inputs[]): Claim {
  if (claims(dataset, stream)) return "whole";
  if (dataset.inputs.partitionKeys.length === 0) return "none";
  return datasets.some((other) => claims(other, stream)) ? "none" : "by-key";
}

/** Whether any dataset may take records of the stream: the arm reads it, and the log keeps it until then. */
export const isRouted = (stream: string, datasets: readonly Inputs[]): boolean =>
  datasets.some((dataset) => claimOn(dataset, stream, datasets) !== "none");

const decoder = new TextDecoder();

/** Decides for the records of a shared stream, by partition key. Keys repeat, so an answer is remembered. */
export function partitionKeyFilter(datasets: readonly Inputs[]): (key: Uint8Array | null) => boolean {
  const patterns = datasets.flatMap((dataset) => dataset.inputs.partitionKeys);
  const known = new Map<string, boolean>();
  return (key) => {
    if (key === null) return false;
    const text = decoder.decode(key);
    const before = known.get(text);
    if (before !== undefined) return before;
    const matches = patterns.some((pattern) => matchesPattern(pattern, text));
    if (known.size >= 10_000) known.clear();
    known.set(text, matches);
    return matches;
  };
}

const claims = (dataset: Inputs, stream: string): boolean =>
  dataset.inputs.streams.some((pattern) => matchesPattern(pattern, stream));
