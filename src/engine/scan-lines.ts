import { randomUUID } from "node:crypto";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** An NDJSON file that an engine can read: a row for each line, none skipped. */
export interface ReadableFile {
  readonly path: string;
  readonly lines: number;
  /** It holds numbers that an engine may write in another way (1.10 as 1.1). */
  readonly respelled: boolean;
}

const RETURN = 13;
const TAB = 9;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BIG_E = 69;
const SMALL_E = 101;
const SMALL_N = 110;
const SMALL_U = 117;
const OPEN = 123;
const CLOSE = 125;
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const OTHER_STARTS = new Set(Buffer.from("[{NIin-"));
const EMPTY_OBJECT = Buffer.from("{}");

/** What a value may be, as far as its first bytes tell. */
const PLAIN = 0;
/** A number that an engine may write anew. */
const FRACTION = 1;
/** What an engine may take though it is no JSON (NaN, a comma too many in an array), or would write anew. */
const DOUBTFUL = 2;

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB || byte === RETURN;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

/** Looks at what stands behind a colon; a colon that no text's end stands before lies within a text. */
function valueBehind(bytes: Uint8Array, colon: number): typeof PLAIN | typeof FRACTION | typeof DOUBTFUL {
  let at = colon + 1;
  while (isBlank(bytes[at])) at++;
  const first = bytes[at];
  if (first === QUOTE || !mayStartOther(first)) return PLAIN;
  let before = colon - 1;
  while (isBlank(bytes[before])) before--;
  if (bytes[before] !== QUOTE) return PLAIN;
  if (first === SMALL_N) return bytes[at + 1] === SMALL_U ? PLAIN : DOUBTFUL;
  if (first !== MINUS && !isDigit(first)) return DOUBTFUL;
  if (first === MINUS) {
    at++;
    if (!isDigit(bytes[at])) return DOUBTFUL;
    if (bytes[at] === ZERO) return FRACTION;
  }
  while (isDigit(bytes[at])) at++;
  const end = bytes[at];
  return end === POINT || end === SMALL_E || end === BIG_E ? FRACTION : PLAIN;
}

/** Numbers, NaN and Infinity in any case, null, arrays and objects. */
function mayStartOther(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && OTHER_STARTS.has(byte));
}

/** Looks at both ends of a line only: what begins with `{` and ends with `}`, no comma before it, is likely an object. */
function looksLikeObject(bytes: Uint8Array, start: number, end: number): boolean {
  const last = bytes[end - 1] === RETURN ? end - 2 : end - 1;
  const before = bytes[last - 1];
  return (
    bytes[start] === OPEN &&
    bytes[last] === CLOSE &&
    before !== COMMA &&
    before !== SPACE &&
    before !== TAB &&
    end - start <= MAX_LINE_BYTES
  );
}

/**
 * Makes a file readable: lines of which an engine's reading may differ from the strict one become `{}` in a copy, so that
 * the others keep their number. Without such lines it is the file itself. `certain` looks at each line by a strict parser.
 */
export async function readableFile(
  path: string,
  tempFolder: string,
  certain?: (line: Uint8Array) => boolean,
): Promise<ReadableFile> {
  const bytes = await readWhole(path);
  // Searching a text for a character is far cheaper than searching bytes, or than any regular expression.
  const text = bytes.toString("latin1");
  const parts: Uint8Array[] = [];
  let copied = 0;
  let lines = 0;
  let respelled = false;
  let colon = text.indexOf(":");
  for (let start = 0; start < bytes.length; lines++) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? bytes.length : found;
    let passes = looksLikeObject(bytes, start, end);
    for (; colon !== -1 && colon < end; colon = text.indexOf(":", colon + 1)) {
      if (bytes[colon + 1] === QUOTE) continue;
      const value = valueBehind(bytes, colon);
      if (value === FRACTION) respelled = true;
      else if (value === DOUBTFUL) passes = false;
    }
    if (!passes || certain?.(bytes.subarray(start, end)) === false) {
      parts.push(bytes.subarray(copied, start), EMPTY_OBJECT);
      copied = end;
    }
    start = end + 1;
  }
  if (parts.length === 0) return { path, lines, respelled };
  const copy = join(tempFolder, `${randomUUID()}.json`);
  await writeFile(copy, Buffer.concat([...parts, bytes.subarray(copied)]));
  return { path: copy, lines, respelled };
}

/** In one go: readFile takes many small steps. */
async function readWhole(path: string): Promise<Buffer> {
  await using file = await open(path);
  const bytes = Buffer.allocUnsafeSlow((await file.stat()).size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
