import { isUtf8 } from "node:buffer";
import { PinlakeError } from "../../errors.ts";
import { BACKSLASH, COLON, COMMA, close, isDigit, isPlain, isSpace, open, QUOTE } from "./bytes.ts";

/** Deeper nesting is refused, so that no later stage needs a stack for it. */
export const MAX_DEPTH = 512;

/**
 * Reads a JSON text from its bytes, without building values.
 *
 * Accepts what JSON.parse accepts of valid UTF-8, except a lone surrogate (escaped) and nesting beyond MAX_DEPTH:
 * REQUEST_NOT_JSON names the byte and what was found there. The caller reads the text to its end with `end()`.
 */
export interface JsonReader {
  /** Whether whitespace outside strings was passed since `tight` was last set to true. */
  tight: boolean;
  /** The byte that the next value starts with (whitespace before it is passed), -1 at the end of the text. */
  peek(): number;
  position(): number;
  /** Passes one value of any kind. */
  skipValue(): void;
  /** Passes a string, and tells whether it holds an escape. */
  skipString(): boolean;
  /** Calls `onName` in front of each member's value with where its name lies, quotes not included; it passes the value. */
  object(onName: (start: number, end: number, escaped: boolean) => void): void;
  /** Calls `onElement` in front of each element; it passes the element. */
  array(onElement: (index: number) => void): void;
  /** Throws unless only whitespace is left. */
  end(): void;
}

export function createJsonReader(bytes: Buffer): JsonReader {
  const length = bytes.length;
  const containers = new Uint8Array(MAX_DEPTH);
  let depth = 0;
  let pos = 0;

  const fail = (reason: string, position = pos): never => {
    throw new PinlakeError("REQUEST_NOT_JSON", { reason, position });
  };
  const unexpected = (wanted: string): never =>
    fail(pos >= length ? `it ends where ${wanted} should be` : `expected ${wanted}, found ${shown(bytes, pos)}`);

  function space(): void {
    if (pos < length && isSpace(bytes[pos]!)) {
      reader.tight = false;
      do pos++;
      while (pos < length && isSpace(bytes[pos]!));
    }
  }

  function hex4(at: number): number {
    let value = 0;
    for (let i = at; i < at + 4; i++) {
      const c = i < length ? bytes[i]! : 0;
      const low = c | 0x20;
      if (isDigit(c)) value = value * 16 + c - 0x30;
      else if (low >= 0x61 && low <= 0x66) value = value * 16 + low - 0x57;
      else return -1;
    }
    return value;
  }

  /** At the backslash; leaves `pos` behind the escape. */
  function skipEscape(): void {
    const c = pos + 1 < length ? bytes[pos + 1]! : 0;
    if (c !== 0x75) {
      if (!'"\\/bfnrt'.includes(String.fromCharCode(c))) fail("a wrong escape in a string");
      pos += 2;
      return;
    }
    const unit = hex4(pos + 2);
    if (unit < 0) fail("a wrong \\u escape in a string");
    if (unit >= 0xdc00 && unit <= 0xdfff) fail("a lone surrogate in a string");
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const paired = pos + 7 < length && bytes[pos + 6] === BACKSLASH && bytes[pos + 7] === 0x75;
      const second = paired ? hex4(pos + 8) : -1;
      if (second < 0xdc00 || second > 0xdfff) fail("a lone surrogate in a string");
      pos += 6;
    }
    pos += 6;
  }

  function skipString(): boolean {
    if (pos >= length || bytes[pos] !== QUOTE) unexpected("a string");
    const start = pos++;
    let escaped = false;
    for (;;) {
      while (pos < length && isPlain(bytes[pos]!)) pos++;
      if (pos >= length) fail("a string that does not end", start);
      const c = bytes[pos]!;
      if (c === QUOTE) {
        pos++;
        return escaped;
      }
      if (c !== BACKSLASH) fail("a control character in a string");
      escaped = true;
      skipEscape();
    }
  }

  function digits(): void {
    if (pos >= length || !isDigit(bytes[pos]!)) unexpected("a digit");
    while (pos < length && isDigit(bytes[pos]!)) pos++;
  }

  function skipNumber(): void {
    if (bytes[pos] === 0x2d) pos++;
    if (pos < length && bytes[pos] === 0x30) pos++;
    else digits();
    if (pos < length && bytes[pos] === 0x2e) {
      pos++;
      digits();
    }
    if (pos < length && (bytes[pos]! | 0x20) === 0x65) {
      pos++;
      if (pos < length && (bytes[pos] === 0x2b || bytes[pos] === 0x2d)) pos++;
      digits();
    }
  }

  function skipLiteral(word: string): void {
    for (let i = 0; i < word.length; i++)
      if (pos + i >= length || bytes[pos + i] !== word.charCodeAt(i)) unexpected("a value");
    pos += word.length;
  }

  function enter(container: number): void {
    if (depth === MAX_DEPTH) fail(`nesting deeper than ${MAX_DEPTH}`);
    containers[depth++] = container;
    pos++;
    space();
  }

  /** Behind a name: passes the colon and the space around it. */
  function colon(): void {
    space();
    if (pos >= length || bytes[pos] !== COLON) unexpected('":"');
    pos++;
    space();
  }

  /** Passes scalars and opening brackets; true when a whole value has been passed. */
  function skipToken(): boolean {
    const c = pos < length ? bytes[pos]! : -1;
    if (c === QUOTE) skipString();
    else if (c === 0x2d || isDigit(c)) skipNumber();
    else if (c === open.object || c === open.array) {
      enter(c);
      if (pos < length && bytes[pos] === c + 2) {
        depth--;
        pos++;
        return true;
      }
      if (c === open.object) {
        skipString();
        colon();
      }
      return false;
    } else if (c === 0x74) skipLiteral("true");
    else if (c === 0x66) skipLiteral("false");
    else if (c === 0x6e) skipLiteral("null");
    else unexpected("a value");
    return true;
  }

  function skipValue(): void {
    space();
    const outer = depth;
    for (;;) {
      if (!skipToken()) continue;
      while (depth > outer && !nextSibling()) depth--;
      if (depth === outer) return;
    }
  }

  /** Behind a value in a container: passes "," and a member's name, or the closing bracket. */
  function nextSibling(): boolean {
    space();
    const container = containers[depth - 1]!;
    const c = pos < length ? bytes[pos]! : -1;
    if (c === container + 2) {
      pos++;
      return false;
    }
    if (c !== COMMA) unexpected(container === open.object ? '"," or "}"' : '"," or "]"');
    pos++;
    space();
    if (container === open.object) {
      skipString();
      colon();
    }
    return true;
  }

  const reader: JsonReader = {
    tight: true,
    peek() {
      space();
      return pos < length ? bytes[pos]! : -1;
    },
    position: () => pos,
    skipValue,
    skipString,
    object(onName) {
      space();
      if (pos >= length || bytes[pos] !== open.object) unexpected("an object");
      enter(open.object);
      if (pos < length && bytes[pos] === close.object) pos++;
      else
        for (;;) {
          const start = pos + 1;
          const escaped = skipString();
          const end = pos - 1;
          colon();
          onName(start, end, escaped);
          space();
          const c = pos < length ? bytes[pos]! : -1;
          if (c !== COMMA && c !== close.object) unexpected('"," or "}"');
          pos++;
          if (c === close.object) break;
          space();
        }
      depth--;
    },
    array(onElement) {
      space();
      if (pos >= length || bytes[pos] !== open.array) unexpected("an array");
      enter(open.array);
      if (pos < length && bytes[pos] === close.array) pos++;
      else
        for (let index = 0; ; index++) {
          onElement(index);
          space();
          const c = pos < length ? bytes[pos]! : -1;
          if (c !== COMMA && c !== close.array) unexpected('"," or "]"');
          pos++;
          if (c === close.array) break;
          space();
        }
      depth--;
    },
    end() {
      space();
      if (pos < length) unexpected("the end");
    },
  };
  if (!isUtf8(bytes))
    throw new PinlakeError("REQUEST_NOT_JSON", { reason: "bytes that are not UTF-8", position: firstBad(bytes) });
  return reader;
}

const shown = (bytes: Buffer, pos: number): string => JSON.stringify(bytes.toString("utf8", pos, pos + 4).slice(0, 1));

/** Where decoding first had to replace something. */
function firstBad(bytes: Buffer): number {
  const replaced = Buffer.from(bytes.toString("utf8"));
  return bytes.findIndex((byte, i) => byte !== replaced[i]);
}
