import { isUtf8 } from "node:buffer";
import { createScanner, type Scanner } from "./scanner.ts";

/** A line that is not one strict object of scalars. Bytes `start` to `end`, the newline not included. */
export interface UnusualLine {
  /** The first line is 0. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** It is an object as JSON.parse takes it, of which no two names are equal; but it holds arrays or objects. */
  readonly strict: boolean;
}

export interface JsonLines {
  /** What stands behind the last newline is a line if there is anything. */
  readonly lines: number;
  /** In their order. What begins with `{`, ends with `}` and is not here is a strict object of scalars. */
  readonly unusual: readonly UnusualLine[];
  /** Whether any number has a fraction or an exponent, or is a negative zero: an engine may write it in another way. */
  readonly respelled: boolean;
}

/** What is scanned at a time; small enough to stay in the processor's cache. */
const CHUNK_BYTES = 512 * 1024;
/** A longer line is unusual whatever it is. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 10;

let scanner: Scanner | undefined;

/**
 * Looks at each line of a text by the strict grammar. Unusual, and not `strict`, are also: whitespace before or behind
 * the object (a return behind it is none), an object with more than 128 names or one written with an escape, a lone
 * surrogate, nesting deeper than 512, lines beyond 8 MiB, and two names that are equal or only seem so.
 */
export function scanJsonLines(text: Buffer): JsonLines {
  scanner ??= createScanner();
  const unusual: UnusualLine[] = [];
  let lines = 0;
  let respelled = false;
  for (let from = 0; from < text.length; ) {
    const to = chunkEnd(text, from);
    if (to - from > MAX_LINE_BYTES) {
      unusual.push({ line: lines++, start: from, end: withoutNewline(text, to), strict: false });
      from = to;
      continue;
    }
    const chunk = text.subarray(from, to);
    const scanned = scanChunk(scanner, chunk);
    const found = isUtf8(chunk) ? scanned.unusual : withBadUtf8(chunk, scanned);
    for (const { line, start, end, strict } of found)
      unusual.push({ line: lines + line, start: from + start, end: from + end, strict });
    lines += scanned.lines;
    respelled ||= scanned.respelled;
    from = to;
  }
  return { lines, unusual, respelled };
}

/** Behind the last line that begins and ends within a chunk; behind the line at `from` when that is longer. */
function chunkEnd(text: Buffer, from: number): number {
  if (text.length - from <= CHUNK_BYTES) return text.length;
  const last = text.lastIndexOf(NEWLINE, from + CHUNK_BYTES - 1);
  if (last >= from) return last + 1;
  const first = text.indexOf(NEWLINE, from + CHUNK_BYTES);
  return first < 0 ? text.length : first + 1;
}

const withoutNewline = (text: Buffer, end: number): number => (text[end - 1] === NEWLINE ? end - 1 : end);

function scanChunk({ wasm, at, load, cell }: Scanner, chunk: Buffer): JsonLines {
  load(chunk);
  const unusual: UnusualLine[] = [];
  const end = at.TEXT + chunk.length;
  let lines = 0;
  let respelled = false;
  for (let from = at.TEXT; from < end; from = cell(at.STOPPED_AT)) {
    const count = wasm.lines(from, end);
    respelled ||= wasm.anyRespelled() !== 0;
    for (let i = 0, entry = at.FOUND; i < cell(at.FOUND_COUNT); i++, entry += 12) {
      const start = cell(entry + 4) - at.TEXT;
      const endAndStrict = cell(entry + 8);
      unusual.push({
        line: lines + cell(entry),
        start,
        end: (endAndStrict >>> 1) - at.TEXT,
        strict: (endAndStrict & 1) === 1,
      });
    }
    lines += count;
  }
  return { lines, unusual, respelled };
}

/** Adds the lines that are not UTF-8, which the scanner does not look at. */
function withBadUtf8(chunk: Buffer, { unusual }: JsonLines): UnusualLine[] {
  const known = new Map(unusual.map((found) => [found.line, found]));
  const all: UnusualLine[] = [];
  for (let start = 0, line = 0; start < chunk.length; line++) {
    const newline = chunk.indexOf(NEWLINE, start);
    const end = newline < 0 ? chunk.length : newline;
    const found = isUtf8(chunk.subarray(start, end)) ? known.get(line) : { line, start, end, strict: false };
    if (found !== undefined) all.push(found);
    start = end + 1;
  }
  return all;
}
