import { PinlakeError } from "../errors.ts";

const MAX_KEY_BYTES = 1024;
const MAX_PART_BYTES = 255;

/** Throws OBJECT_KEY_INVALID unless a key is one that every driver can hold and that stays below the root. */
export function checkKey(key: string): void {
  const reason = invalidKey(key);
  if (reason !== undefined) throw new PinlakeError("OBJECT_KEY_INVALID", { key, reason });
}

export const isKey = (text: string): boolean => invalidKey(text) === undefined;

function invalidKey(key: string): string | undefined {
  if (!key.isWellFormed()) return "it is no well-formed Unicode text";
  if (key.includes("\0") || key.includes("\\")) return "it has a NUL or a backslash in it";
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  for (const part of key.split("/")) {
    if (part === "") return "one of its parts is empty";
    if (part === "." || part === "..") return `"${part}" is none of the parts that a key may have`;
    if (Buffer.byteLength(part) > MAX_PART_BYTES) return `one of its parts is longer than ${MAX_PART_BYTES} bytes`;
  }
  return undefined;
}

/** From the first surrogate on, the order of UTF-16 code units is not that of UTF-8 bytes. */
const NOT_IN_BYTE_ORDER = /[\ud800-\uffff]/;

/** Compares keys by their UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (NOT_IN_BYTE_ORDER.test(a) && NOT_IN_BYTE_ORDER.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
