import { BACKSLASH, isSpace, open, QUOTE } from "./bytes.ts";
import { createJsonReader, type JsonReader } from "./json-reader.ts";

/** Objects with more members than this are looked through for repeated names the thorough way. */
const QUICK_NAMES = 32;

/**
 * Passes one value and gives its bytes as the client wrote them, without the whitespace between tokens. Of two equal
 * names of the value's own members only the last is kept. Nothing else changes: digits, escapes, order.
 *
 * The bytes may share memory with `bytes`.
 */
export function readCompactValue(reader: JsonReader, bytes: Buffer): Buffer {
  const first = reader.peek();
  const start = reader.position();
  reader.tight = true;
  const repeats = first === open.object && passObject(reader, bytes);
  if (first !== open.object) reader.skipValue();
  const end = reader.position();
  const value = reader.tight ? bytes.subarray(start, end) : compact(bytes, start, end);
  return repeats ? withoutRepeats(value) : value;
}

/** Passes an object; true when two of its names may be equal. */
function passObject(reader: JsonReader, bytes: Buffer): boolean {
  const hashes: number[] = [];
  let repeats = false;
  reader.object((start, end, escaped) => {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    repeats ||= escaped || hashes.length === QUICK_NAMES || hashes.includes(hash);
    if (!repeats) hashes.push(hash);
    reader.skipValue();
  });
  return repeats;
}

/** The text between `start` and `end`, which is known to be JSON, without whitespace outside strings. */
function compact(bytes: Buffer, start: number, end: number): Buffer {
  const out = Buffer.allocUnsafeSlow(end - start);
  let length = 0;
  let inString = false;
  for (let i = start; i < end; i++) {
    const c = bytes[i]!;
    if (inString) {
      out[length++] = c;
      if (c === BACKSLASH) out[length++] = bytes[++i]!;
      else if (c === QUOTE) inString = false;
    } else if (!isSpace(c)) {
      out[length++] = c;
      if (c === QUOTE) inString = true;
    }
  }
  return out.subarray(0, length);
}

/** A compact object with each of its names once, where it stood last. */
function withoutRepeats(object: Buffer): Buffer {
  const reader = createJsonReader(object);
  const last = new Map<string, { readonly start: number; readonly end: number }>();
  let members = 0;
  reader.object((start, end) => {
    const name: string = JSON.parse(object.toString("utf8", start - 1, end + 1));
    reader.skipValue();
    last.delete(name);
    last.set(name, { start: start - 1, end: reader.position() });
    members++;
  });
  if (last.size === members) return object;
  const kept = [...last.values()].flatMap(({ start, end }, i) => [
    Buffer.from(i === 0 ? "{" : ","),
    object.subarray(start, end),
  ]);
  return Buffer.concat([...kept, Buffer.from("}")]);
}
