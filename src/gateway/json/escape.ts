import { BACKSLASH, isDigit } from "./bytes.ts";

const SIMPLE = new Set(Buffer.from('"\\/bfnrt'));
const LOWER_U = 0x75;

/**
 * The length of the escape at `at`, where a backslash is; a pair of surrogates is one escape. What is wrong with it
 * when it is none.
 */
export function escapeLength(bytes: Uint8Array, at: number): number | string {
  const c = bytes[at + 1]!;
  if (c !== LOWER_U) return SIMPLE.has(c) ? 2 : "a wrong escape in a string";
  const unit = hex4(bytes, at + 2);
  if (unit < 0) return "a wrong \\u escape in a string";
  if (unit < 0xd800 || unit > 0xdfff) return 6;
  const paired = unit <= 0xdbff && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LOWER_U;
  const second = paired ? hex4(bytes, at + 8) : -1;
  return second >= 0xdc00 && second <= 0xdfff ? 12 : "a lone surrogate in a string";
}

/** Four hexadecimal digits, or -1. */
function hex4(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const c = bytes[i] ?? 0;
    const lower = c | 0x20;
    if (isDigit(c)) value = value * 16 + c - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
    else return -1;
  }
  return value;
}
