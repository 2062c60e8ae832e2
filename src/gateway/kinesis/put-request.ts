import { PinlakeError } from "../../errors.ts";
import { isDigit, open, QUOTE } from "../../json/bytes.ts";
import { readCompactValue } from "../../json/compact-value.ts";
import { type JsonReader, jsonReader } from "../../json/json-reader.ts";
import { nameText } from "../../json/names.ts";
import type { Put } from "./constraints.ts";

const EMPTY_OBJECT = Buffer.from("{}");

/**
 * The body of PUT /streams/{s}/record: `Data` as its JSON text, a string with its quotes, as the original's mapping
 * template serialises it. What the template does not map is ignored. Throws REQUEST_NOT_JSON, REQUEST_MALFORMED.
 */
export function parsePutRecord(body: Buffer): Put {
  const text = body.length === 0 ? EMPTY_OBJECT : body;
  const reader = jsonReader();
  reader.begin(text);
  const put = readPut(reader, text, { data: "Data", key: "PartitionKey", readData: readCompactValue });
  reader.end();
  return done(put);
}

/**
 * The body of PUT /streams/{s}/records: of each record `data` as the UTF-8 bytes of its string; any other value as its
 * JSON text. Undefined when there is no `records`. Throws REQUEST_NOT_JSON, REQUEST_MALFORMED.
 */
export function parsePutRecords(body: Buffer): Put[] | undefined {
  const text = body.length === 0 ? EMPTY_OBJECT : body;
  const reader = jsonReader();
  reader.begin(text);
  let puts: ReadPut[] | undefined;
  if (reader.peek() !== open.object) return wholeThenThrow(reader);
  let listed = true;
  reader.object((start, end, escaped) => {
    if (nameText(text, start, end, escaped) !== "records") return reader.skipValue();
    puts = undefined;
    if (reader.peek() !== open.array) {
      listed = isNull(reader, text);
      return;
    }
    const read: ReadPut[] = [];
    const names = { data: "data", key: "partition-key", readData: readRaw } as const;
    reader.array(() => read.push(readPut(reader, text, names)));
    puts = read;
    listed = true;
  });
  reader.end();
  if (!listed) throw malformed(`"records" must be an array.`);
  return puts?.map(done);
}

interface ReadPut extends Put {
  readonly problem: string | undefined;
}

interface PutNames {
  readonly data: string;
  readonly key: string;
  readonly readData: (reader: JsonReader, text: Buffer) => Buffer | undefined;
}

function readPut(reader: JsonReader, text: Buffer, { data: dataName, key: keyName, readData }: PutNames): ReadPut {
  let data: Buffer | undefined;
  let partitionKey: string | undefined;
  let problem: string | undefined;
  if (reader.peek() !== open.object) {
    reader.skipValue();
    return { data, partitionKey, problem: "a record must be an object" };
  }
  reader.object((start, end, escaped) => {
    const name = nameText(text, start, end, escaped);
    if (name === dataName) data = readData(reader, text);
    else if (name === keyName) {
      const read = readScalar(reader, text);
      if (read === null) problem = `"${keyName}" must be a string`;
      else partitionKey = read;
    } else reader.skipValue();
  });
  return { data, partitionKey, problem };
}

/** A string's text; a number or boolean as it is written, as a mapping template prints it; null for what has no text. */
function readScalar(reader: JsonReader, text: Buffer): string | undefined | null {
  const first = reader.peek();
  const start = reader.position();
  if (first === QUOTE) {
    const escaped = reader.skipString();
    return nameText(text, start + 1, reader.position() - 1, escaped);
  }
  reader.skipValue();
  if (first === open.object || first === open.array) return null;
  const written = text.toString("latin1", start, reader.position());
  return written === "null" ? undefined : written;
}

function readRaw(reader: JsonReader, text: Buffer): Buffer | undefined {
  if (reader.peek() === QUOTE) return Buffer.from(readScalar(reader, text) ?? "");
  const value = readCompactValue(reader, text);
  return value.length === 4 && !isDigit(value[0]!) && value.toString("latin1") === "null" ? undefined : value;
}

function isNull(reader: JsonReader, text: Buffer): boolean {
  return readScalar(reader, text) === undefined;
}

function wholeThenThrow(reader: JsonReader): never {
  reader.skipValue();
  reader.end();
  throw malformed("The request must be an object.");
}

function done({ data, partitionKey, problem }: ReadPut): Put {
  if (problem !== undefined) throw malformed(`The request cannot be read: ${problem}.`);
  return { data, partitionKey };
}

const malformed = (reason: string) => new PinlakeError("REQUEST_MALFORMED", { reason });
