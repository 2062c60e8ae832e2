import { PinlakeError } from "../errors.ts";
import type { Scanner } from "./scanner.ts";

/** What should have been where a text failed, by the scanner's codes (assembly/memory.ts). */
const wanted = new Map([
  [1, "a value"],
  [2, "a string"],
  [3, "a digit"],
  [4, '":"'],
  [5, '"," or "}"'],
  [6, '"," or "]"'],
]);
const wrong = new Map([
  [7, "a control character in a string"],
  [8, "a wrong escape in a string"],
  [9, "a wrong \\u escape in a string"],
  [10, "a lone surrogate in a string"],
]);

/** REQUEST_NOT_JSON for what the scanner last failed at. */
export function scannerFailure({ at, cell }: Scanner, text: Buffer): PinlakeError {
  const code = cell(at.FAILURE);
  const position = cell(at.FAILED_AT) - at.TEXT;
  const expected = wanted.get(code);
  if (expected !== undefined) return unexpected(text, position, expected);
  if (code === 7 && position >= text.length)
    return notJson("a string that does not end", cell(at.STRING_START) - at.TEXT);
  return notJson(wrong.get(code) ?? `nesting deeper than ${at.MAX_DEPTH}`, position);
}

export function unexpected(text: Buffer, position: number, expected: string): PinlakeError {
  if (position >= text.length) return notJson(`it ends where ${expected} should be`, position);
  const [found] = text.toString("utf8", position, position + 4);
  return notJson(`expected ${expected}, found ${JSON.stringify(found)}`, position);
}

/** For a text that is not UTF-8: where decoding first had to replace something. */
export function notUtf8(text: Buffer): PinlakeError {
  const replaced = Buffer.from(text.toString("utf8"));
  const position = text.findIndex((byte, i) => byte !== replaced[i]);
  return notJson("bytes that are not UTF-8", position);
}

const notJson = (reason: string, position: number) => new PinlakeError("REQUEST_NOT_JSON", { reason, position });
