import { readFile } from "node:fs/promises";
import type { RawInput } from "./clean.ts";
import { fieldText, membersOf } from "./json-members.ts";
import { utf8Text } from "./suspects.ts";

/** A record as bytes, at its offset. */
export interface RawRecord {
  readonly offset: bigint;
  readonly value: Uint8Array | null;
}

const NEWLINE = 10;

/** The records of an input, as they are; of a file those of the given lines, if lines are given. */
export async function readRecords(input: RawInput, only?: readonly number[]): Promise<readonly RawRecord[]> {
  if ("records" in input) return input.records;
  if (only?.length === 0) return [];
  const decode = input.lines === "stream-envelope" ? unwrapEnvelope : (line: Uint8Array) => line;
  const lines = splitLines(await readFile(input.path));
  return (only ?? lines.keys().toArray()).map((line) => ({
    offset: input.startOffset + BigInt(line),
    value: decode(lines[line] as Uint8Array),
  }));
}

/** Lines without their ends; a last line needs none. */
export function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** The value in `{"partitionKey":…,"value":…}` or `{…,"base64":…}`; a line that is neither stands for itself. */
export function unwrapEnvelope(line: Uint8Array): Uint8Array {
  const text = utf8Text(line);
  try {
    if (text === undefined || !isObject(JSON.parse(text))) return line;
  } catch {
    return line;
  }
  const members = membersOf(text);
  const base64 = members.get("base64");
  if (base64?.startsWith('"')) return Buffer.from(fieldText(base64) ?? "", "base64");
  const value = members.get("value");
  return value === undefined ? line : Buffer.from(value);
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
