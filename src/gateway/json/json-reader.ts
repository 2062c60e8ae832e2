import { isUtf8 } from "node:buffer";
import { PinlakeError } from "../../errors.ts";
import { BACKSLASH, COLON, COMMA, isDigit, isSpace, open, QUOTE } from "./bytes.ts";
import { escapeLength } from "./escape.ts";
import { createNameCheck } from "./name-check.ts";

/** Deeper nesting is refused, so that no later stage needs a stack for it. */
export const MAX_DEPTH = 512;

/**
 * Reads one JSON text after another from their bytes, without building values.
 *
 * Accepts what JSON.parse accepts of valid UTF-8, except a lone surrogate (escaped) and nesting beyond MAX_DEPTH:
 * REQUEST_NOT_JSON names the byte and what was found there. A text is accepted when `end()` has returned.
 */
export interface JsonReader {
  /** Starts a text; what was left of the one before is forgotten. */
  begin(text: Buffer): void;
  /** Whether whitespace outside strings was passed since `tight` was last set to true. */
  tight: boolean;
  /** The byte that the next value starts with (whitespace before it is passed), -1 at the end of the text. */
  peek(): number;
  position(): number;
  /** Passes one value of any kind. */
  skipValue(): void;
  /** Passes a string, and tells whether it holds an escape. */
  skipString(): boolean;
  /** Passes an object, and tells whether two of its own names may be equal: false is certain. */
  skipObject(): boolean;
  /** Calls `onName` in front of each member's value with where its name lies, quotes not included; it passes the value. */
  object(onName: (start: number, end: number, escaped: boolean) => void): void;
  /** Calls `onElement` in front of each element; it passes the element. */
  array(onElement: (index: number) => void): void;
  /** Throws unless only whitespace is left. */
  end(): void;
}

/** Room that is kept from one text to the next. */
const KEPT_BYTES = 1024 * 1024;
/** Zeros behind the text, which no token takes: so that only failures need to ask where it ends. */
const PADDING = 8;

export function createJsonReader(): JsonReader {
  const containers = new Uint8Array(MAX_DEPTH);
  const names = createNameCheck();
  // The text is copied to where it can be looked at in words of four bytes.
  let bytes = new Uint8Array(64 * 1024);
  let words = new Int32Array(bytes.buffer);
  let length = 0;
  let depth = 0;
  let pos = 0;

  function begin(text: Buffer): void {
    const needed = text.length + PADDING;
    if (needed > bytes.length || (bytes.length > KEPT_BYTES && needed <= KEPT_BYTES)) {
      bytes = new Uint8Array(Math.max(64 * 1024, 2 ** Math.ceil(Math.log2(needed))));
      words = new Int32Array(bytes.buffer);
    }
    bytes.set(text);
    bytes.fill(0, text.length, needed);
    length = text.length;
    depth = 0;
    pos = 0;
    if (!isUtf8(text)) fail("bytes that are not UTF-8", firstBad(text));
  }

  function fail(reason: string, position = pos): never {
    throw new PinlakeError("REQUEST_NOT_JSON", { reason, position });
  }

  function unexpected(wanted: string): never {
    if (pos >= length) fail(`it ends where ${wanted} should be`);
    const found = Buffer.from(bytes.subarray(pos, Math.min(pos + 4, length))).toString();
    fail(`expected ${wanted}, found ${JSON.stringify([...found][0])}`);
  }

  function space(): void {
    if (bytes[pos]! > 0x20 || !isSpace(bytes[pos]!)) return;
    reader.tight = false;
    do pos++;
    while (isSpace(bytes[pos]!));
  }

  function skipString(): boolean {
    if (bytes[pos] !== QUOTE) unexpected("a string");
    const text = bytes;
    const start = pos;
    let at = pos + 1;
    let escaped = false;
    for (;;) {
      at = skipPlain(text, words, at);
      const c = text[at]!;
      if (c === QUOTE) break;
      pos = at;
      if (c !== BACKSLASH)
        at >= length ? fail("a string that does not end", start) : fail("a control character in a string");
      escaped = true;
      const passed = escapeLength(text, at);
      if (typeof passed === "string") fail(passed);
      at += passed;
    }
    pos = at + 1;
    return escaped;
  }

  function digits(): void {
    let at = pos;
    while (isDigit(bytes[at]!)) at++;
    if (at === pos) unexpected("a digit");
    pos = at;
  }

  function skipNumber(): void {
    if (bytes[pos] === 0x2d) pos++;
    if (bytes[pos] === 0x30) pos++;
    else digits();
    if (bytes[pos] === 0x2e) {
      pos++;
      digits();
    }
    if ((bytes[pos]! | 0x20) === 0x65) {
      pos++;
      if (bytes[pos] === 0x2b || bytes[pos] === 0x2d) pos++;
      digits();
    }
  }

  function skipLiteral(word: string): void {
    for (let i = 0; i < word.length; i++) if (bytes[pos + i] !== word.charCodeAt(i)) unexpected("a value");
    pos += word.length;
  }

  /** Passes the opening bracket; true when the container is empty, and then its closing one too. */
  function enter(container: number): boolean {
    if (depth === MAX_DEPTH) fail(`nesting deeper than ${MAX_DEPTH}`);
    containers[depth++] = container;
    pos++;
    space();
    return leave(container);
  }

  function leave(container: number): boolean {
    if (bytes[pos] !== container + 2) return false;
    depth--;
    pos++;
    return true;
  }

  /** Behind a value in a container: passes "," and the space around it, or the closing bracket; true for the latter. */
  function separator(container: number): boolean {
    space();
    if (leave(container)) return true;
    if (bytes[pos] !== COMMA) unexpected(container === open.object ? '"," or "}"' : '"," or "]"');
    pos++;
    space();
    return false;
  }

  /** Behind a name: passes the colon and the space around it. */
  function colon(): void {
    space();
    if (bytes[pos] !== COLON) unexpected('":"');
    pos++;
    space();
  }

  function name(): void {
    skipString();
    colon();
  }

  /** Passes a scalar, an empty container, or an opening bracket with its first name; true when that was a whole value. */
  function skipToken(): boolean {
    const c = bytes[pos]!;
    if (c === QUOTE) skipString();
    else if (c === open.object || c === open.array) {
      if (enter(c)) return true;
      if (c === open.object) name();
      return false;
    } else if (c === 0x2d || isDigit(c)) skipNumber();
    else if (c === 0x74) skipLiteral("true");
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
      for (;;) {
        if (depth === outer) return;
        const container = containers[depth - 1]!;
        if (separator(container)) continue;
        if (container === open.object) name();
        break;
      }
    }
  }

  const reader: JsonReader = {
    begin,
    tight: true,
    peek() {
      space();
      return pos < length ? bytes[pos]! : -1;
    },
    position: () => pos,
    skipValue,
    skipString,
    skipObject() {
      names.begin();
      if (bytes[pos] !== open.object) unexpected("an object");
      if (enter(open.object)) return false;
      do {
        const start = pos + 1;
        const escaped = skipString();
        names.add(bytes, start, pos - 1, escaped);
        colon();
        skipValue();
      } while (!separator(open.object));
      return names.mayRepeat();
    },
    object(onName) {
      space();
      if (bytes[pos] !== open.object) unexpected("an object");
      if (enter(open.object)) return;
      do {
        const start = pos + 1;
        const escaped = skipString();
        const end = pos - 1;
        colon();
        onName(start, end, escaped);
      } while (!separator(open.object));
    },
    array(onElement) {
      space();
      if (bytes[pos] !== open.array) unexpected("an array");
      if (enter(open.array)) return;
      let index = 0;
      do onElement(index++);
      while (!separator(open.array));
    },
    end() {
      space();
      if (pos < length) unexpected("the end");
    },
  };
  return reader;
}

/** The first byte from `at` on that a string cannot hold as it is: a quote, a backslash or a control character. */
function skipPlain(bytes: Uint8Array, words: Int32Array, at: number): number {
  for (; (at & 3) !== 0; at++) {
    const c = bytes[at]!;
    if (c < 0x20 || c === QUOTE || c === BACKSLASH) return at;
  }
  for (let word = at >> 2; ; word++) {
    // Of each byte the high bit, if it is one of those; exact for the lowest of them.
    const four = words[word]!;
    const quotes = four ^ 0x22222222;
    const backslashes = four ^ 0x5c5c5c5c;
    const found =
      (((four - 0x20202020) & ~four) |
        ((quotes - 0x01010101) & ~quotes) |
        ((backslashes - 0x01010101) & ~backslashes)) &
      0x80808080;
    if (found !== 0) return (word << 2) + ((31 - Math.clz32(found & -found)) >> 3);
  }
}

/** Where decoding first had to replace something. */
function firstBad(bytes: Buffer): number {
  const replaced = Buffer.from(bytes.toString("utf8"));
  return bytes.findIndex((byte, i) => byte !== replaced[i]);
}
