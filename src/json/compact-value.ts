import { createJsonReader, type JsonReader, jsonReader } from "./json-reader.ts";
import { nameText } from "./names.ts";

/**
 * Passes one value and gives its bytes as the client wrote them, without the whitespace between tokens. Of two equal
 * names of the value's own members only the last is kept. Nothing else changes: digits, escapes, order.
 *
 * The bytes may share memory with `text`, which the reader reads.
 */
export function readCompactValue(reader: JsonReader, text: Buffer): Buffer {
  reader.peek();
  const start = reader.position();
  reader.skipValue();
  const { mayRepeat } = reader;
  const value = reader.spaced ? reader.compacted() : text.subarray(start, reader.position());
  return mayRepeat ? withoutRepeats(value) : value;
}

/** As readCompactValue, of a text that is one value. Throws REQUEST_NOT_JSON. */
export function compactJson(text: Buffer): Buffer {
  const reader = jsonReader();
  reader.begin(text);
  const value = readCompactValue(reader, text);
  reader.end();
  return value;
}

/** Reads one value while another reader is in the middle of the text around it. */
let inner: JsonReader | undefined;

/** A compact object with each of its names once, where it stood last. */
function withoutRepeats(object: Buffer): Buffer {
  inner ??= createJsonReader();
  const reader = inner;
  reader.begin(object);
  const last = new Map<string, { readonly start: number; readonly end: number }>();
  let members = 0;
  reader.object((start, end, escaped) => {
    const name = nameText(object, start, end, escaped);
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
