import { isUtf8 } from "node:buffer";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** Nesting that fits the bits of one integer; deeper texts are decided by the parser. */
const MAX_QUICK_DEPTH = 30;

/**
 * The bytes as one line of JSON: themselves when they are compact JSON already, without the whitespace between tokens
 * when they are JSON otherwise, undefined when they are no JSON text (as JSON.parse understands it, in valid UTF-8).
 */
export function jsonLine(bytes: Uint8Array): Uint8Array | undefined {
  if (isSurelyCompactJson(bytes)) return bytes;
  if (!isUtf8(bytes)) return undefined;
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
  return withoutSpace(bytes);
}

/** True only for compact JSON; false where this quick look cannot tell. It is what nearly every record costs. */
export function isSurelyCompactJson(b: Uint8Array): boolean {
  const length = b.length;
  let i = 0;
  let depth = 0;
  let inObject = 0; // one bit per level, the innermost lowest
  let beyondAscii = 0;
  let wantsName = false;
  for (;;) {
    if (wantsName && b[i] !== QUOTE) return false;
    const c = b[i++];
    if (c === QUOTE) {
      for (;;) {
        const s = b[i++];
        if (s === undefined || s < 0x20) return false;
        if (s === QUOTE) break;
        if (s !== BACKSLASH) beyondAscii |= s;
        else {
          const escaped = escapeLength(b, i);
          if (escaped === 0) return false;
          i += escaped;
        }
      }
    } else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (b[i] === c + 2) i++;
      else {
        if (depth === MAX_QUICK_DEPTH) return false;
        depth++;
        wantsName = c === OPEN_OBJECT;
        inObject = (inObject << 1) | (wantsName ? 1 : 0);
        continue;
      }
    } else {
      i = scalarEnd(b, i - 1);
      if (i < 0) return false;
    }
    if (wantsName) {
      if (b[i++] !== COLON) return false;
      wantsName = false;
      continue;
    }
    for (;;) {
      if (depth === 0) return i === length && (beyondAscii < 0x80 || isUtf8(b));
      const next = b[i++];
      if (next === COMMA) {
        wantsName = (inObject & 1) === 1;
        break;
      }
      if (next !== ((inObject & 1) === 1 ? CLOSE_OBJECT : CLOSE_ARRAY)) return false;
      depth--;
      inObject >>= 1;
    }
  }
}

const SHORT_ESCAPES = new Set([...'"\\/bfnrt'].map((c) => c.charCodeAt(0)));

/** The bytes behind a backslash that belong to its escape; 0 when there is no such escape. */
function escapeLength(b: Uint8Array, i: number): number {
  const c = b[i];
  if (c !== 0x75) return c !== undefined && SHORT_ESCAPES.has(c) ? 1 : 0;
  for (let at = i + 1; at < i + 5; at++) if (!isHexDigit(b[at])) return 0;
  return 5;
}

const isHexDigit = (c: number | undefined): boolean =>
  c !== undefined && ((c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66));

const isDigit = (c: number | undefined): boolean => c !== undefined && c >= 0x30 && c <= 0x39;

/** Where a number or literal that begins at `i` ends; -1 when there is none. */
function scalarEnd(b: Uint8Array, i: number): number {
  const first = b[i];
  if (first === 0x74) return literalEnd(b, i, "true");
  if (first === 0x66) return literalEnd(b, i, "false");
  if (first === 0x6e) return literalEnd(b, i, "null");
  let at = first === 0x2d ? i + 1 : i;
  if (b[at] === 0x30) at++;
  else at = digitsEnd(b, at);
  if (at >= 0 && b[at] === 0x2e) at = digitsEnd(b, at + 1);
  if (at >= 0 && (b[at] === 0x65 || b[at] === 0x45)) {
    const sign = b[at + 1];
    at = digitsEnd(b, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function digitsEnd(b: Uint8Array, i: number): number {
  let at = i;
  while (isDigit(b[at])) at++;
  return at === i ? -1 : at;
}

function literalEnd(b: Uint8Array, i: number, word: string): number {
  for (let k = 0; k < word.length; k++) if (b[i + k] !== word.charCodeAt(k)) return -1;
  return i + word.length;
}

/** A JSON text without the whitespace outside its strings. */
function withoutSpace(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] as number;
    if (!inString && (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)) continue;
    out[length++] = c;
    if (inString && c === BACKSLASH) out[length++] = bytes[++i] as number;
    else if (c === QUOTE) inString = !inString;
  }
  return out.subarray(0, length);
}
