import { BACKSLASH, open, QUOTE } from "./bytes.ts";
import { createJsonReader, type JsonReader } from "./json-reader.ts";

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
  const repeats = first === open.object && reader.skipObject();
  if (first !== open.object) reader.skipValue();
  const end = reader.position();
  const value = reader.tight ? bytes.subarray(start, end) : compact(bytes, start, end);
  return repeats ? withoutRepeats(value) : value;
}

/** The text between `start` and `end`, which is known to be JSON, without whitespace outside strings. */
function compact(bytes: Uint8Array, start: number, end: number): Buffer {
  const out = end - start <= scratch.length ? scratch : new Uint8Array(end - start);
  let length = 0;
  for (let i = start; i < end; i++) {
    let c = bytes[i]!;
    if (c <= 0x20) continue;
    out[length++] = c;
    if (c !== QUOTE) continue;
    do {
      c = bytes[++i]!;
      out[length++] = c;
      if (c === BACKSLASH) out[length++] = bytes[++i]!;
    } while (c !== QUOTE);
  }
  return Buffer.from(out.subarray(0, length));
}

const scratch = new Uint8Array(64 * 1024);

/** A compact object with each of its names once, where it stood last. */
function withoutRepeats(object: Buffer): Buffer {
  const reader = createJsonReader();
  reader.begin(object);
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
