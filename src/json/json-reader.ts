import { isUtf8 } from "node:buffer";
import { COMMA, isSpace, open } from "./bytes.ts";
import { notUtf8, scannerFailure, unexpected } from "./not-json.ts";
import { createScanner } from "./scanner.ts";

/**
 * Reads one JSON text after another from their bytes, without building values.
 *
 * Accepts what JSON.parse accepts of valid UTF-8, except a lone surrogate (escaped) and nesting beyond 512:
 * REQUEST_NOT_JSON names the byte and what was found there. A text is accepted when `end()` has returned.
 */
export interface JsonReader {
  /** Starts a text; what was left of the one before is forgotten. The text must not change until it is read. */
  begin(text: Buffer): void;
  /** The byte that the next value starts with (whitespace before it is passed), -1 at the end of the text. */
  peek(): number;
  position(): number;
  /** Passes one value of any kind. */
  skipValue(): void;
  /** Whether the value that `skipValue` passed last has whitespace outside its strings. */
  readonly spaced: boolean;
  /** Whether two of that value's own names may be equal; false is certain. */
  readonly mayRepeat: boolean;
  /** The value that `skipValue` passed last without whitespace outside its strings: a copy. */
  compacted(): Buffer;
  /** Passes a string, and tells whether it holds an escape. */
  skipString(): boolean;
  /** Calls `onName` in front of each member's value with where its name lies, quotes not included; it passes the value. */
  object(onName: (start: number, end: number, escaped: boolean) => void): void;
  /** Calls `onElement` in front of each element; it passes the element. */
  array(onElement: (index: number) => void): void;
  /** Throws unless only whitespace is left. */
  end(): void;
}

/** A reader keeps the memory that its largest text needed: make one, and keep it. */
export function createJsonReader(): JsonReader {
  const scanner = createScanner();
  const { wasm, at, cell } = scanner;
  let text: Buffer = Buffer.alloc(0);
  /** The scanner's own copy of the text, in its memory. */
  let bytes = scanner.bytes;
  /** Addresses in it. */
  let pos = 0;
  let valueStart = 0;
  let depth = 0;
  let flags = 0;

  /** What a call of the scanner gave, unless it failed. */
  function passed(address: number): number {
    if (address === 0) throw scannerFailure(scanner, text);
    return address;
  }

  function space(): void {
    while (bytes[pos]! <= 0x20 && isSpace(bytes[pos]!)) pos++;
  }

  function expected(wanted: string): never {
    throw unexpected(text, pos - at.TEXT, wanted);
  }

  /** Passes the opening bracket; true when the container is empty, and then its closing one too. */
  function enter(container: number, wanted: string): boolean {
    space();
    if (bytes[pos] !== container) expected(wanted);
    depth++;
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
    if (bytes[pos] !== COMMA) expected(container === open.object ? '"," or "}"' : '"," or "]"');
    pos++;
    space();
    return false;
  }

  return {
    begin(next) {
      if (!isUtf8(next)) throw notUtf8(next);
      scanner.load(next);
      text = next;
      bytes = scanner.bytes;
      pos = at.TEXT;
      depth = 0;
    },
    peek() {
      space();
      return pos < at.TEXT + text.length ? bytes[pos]! : -1;
    },
    position: () => pos - at.TEXT,
    skipValue() {
      space();
      valueStart = pos;
      pos = passed(wasm.value(pos, depth));
      flags = cell(at.FLAGS);
    },
    get spaced() {
      return (flags & at.SPACED) !== 0;
    },
    get mayRepeat() {
      return (flags & at.REPEATS) !== 0;
    },
    compacted() {
      const value = scanner.compacted(valueStart, pos);
      bytes = scanner.bytes;
      return value;
    },
    skipString() {
      pos = passed(wasm.string(pos));
      return cell(at.ESCAPED) !== 0;
    },
    object(onName) {
      if (enter(open.object, "an object")) return;
      do {
        pos = passed(wasm.member(pos));
        onName(cell(at.NAME_START) - at.TEXT, cell(at.NAME_END) - at.TEXT, cell(at.ESCAPED) !== 0);
      } while (!separator(open.object));
    },
    array(onElement) {
      if (enter(open.array, "an array")) return;
      let index = 0;
      do onElement(index++);
      while (!separator(open.array));
    },
    end() {
      space();
      if (pos < at.TEXT + text.length) expected("the end");
    },
  };
}

let shared: JsonReader | undefined;

/** The one reader of all who read each text in one go. */
export function jsonReader(): JsonReader {
  shared ??= createJsonReader();
  return shared;
}
