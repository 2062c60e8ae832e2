import { PinlakeError } from "../../errors.ts";
import { isDigit, open, QUOTE } from "../../json/bytes.ts";
import { readCompactValue } from "../../json/compact-value.ts";
import { type JsonReader, jsonReader } from "../../json/json-reader.ts";
import { isNamed, nameText } from "../../json/names.ts";
import type { AppendRecord } from "../../log/event-log.ts";
import { NO_HEADERS } from "../../record.ts";
import type { EmbeddedFormat } from "./media-types.ts";

const IGNORED = ["key_schema", "key_schema_id", "value_schema", "value_schema_id"];
const NULL = 0x6e;

export interface ProduceDefaults {
  /** The partition of the path; a record's own wins. */
  readonly partition?: number | undefined;
  readonly timestampMs: number;
}

/**
 * The records of a produce request (contracts A.1). A body that is no JSON throws REQUEST_NOT_JSON whatever else is
 * wrong with it; then the first of: FIELD_UNRECOGNIZED and REQUEST_INVALID (422), REQUEST_MALFORMED (400).
 */
export function parseProduceRequest(body: Buffer, format: EmbeddedFormat, defaults: ProduceDefaults): AppendRecord[] {
  if (body.length === 0) throw missingInput();
  const reader = jsonReader();
  reader.begin(body);
  const readValue = format === "json" ? readJson : readBase64;
  let problem: PinlakeError | undefined;
  let records: AppendRecord[] | undefined;

  const readRecord = (): void => {
    let key: Buffer | null = null;
    let value: Buffer | null = null;
    let partition = defaults.partition;
    if (reader.peek() !== open.object) {
      problem ??= malformed(`Each of "records" must be an object with "key", "value" and "partition".`);
      reader.skipValue();
      return;
    }
    reader.object((start, end, escaped) => {
      const isValue = isNamed(body, start, end, "value");
      const name = isValue ? "value" : nameText(body, start, end, escaped);
      if (isValue || name === "value") value = readValue(reader, body, report);
      else if (name === "key") key = readValue(reader, body, report);
      else if (name === "partition") partition = readPartition() ?? defaults.partition;
      else {
        problem ??= new PinlakeError("FIELD_UNRECOGNIZED", { field: name });
        reader.skipValue();
      }
    });
    const record = { key, value, headers: NO_HEADERS, timestampMs: defaults.timestampMs };
    records?.push(partition === undefined ? record : { ...record, partition });
  };

  const report = (found: PinlakeError): void => {
    problem ??= found;
  };

  function readPartition(): number | undefined {
    const first = reader.peek();
    const start = reader.position();
    reader.skipValue();
    const text = body.toString("latin1", start, reader.position());
    if (text === "null") return undefined;
    const partition = Number(text);
    if (isDigit(first) && Number.isSafeInteger(partition)) return partition;
    if (Number.isSafeInteger(partition)) report(invalid(`"partition" must be 0 or more, not ${text}.`));
    else report(malformed(`"partition" must be an integer.`));
    return undefined;
  }

  const first = reader.peek();
  if (first !== open.object) {
    reader.skipValue();
    reader.end();
    throw first === NULL ? missingInput() : malformed(`The request must be an object with "records".`);
  }
  reader.object((start, end, escaped) => {
    const name = nameText(body, start, end, escaped);
    if (name === "records") {
      records = undefined;
      const kind = reader.peek();
      if (kind === open.array) {
        records = [];
        reader.array(readRecord);
      } else {
        if (kind !== NULL) report(malformed(`"records" must be an array.`));
        reader.skipValue();
      }
    } else {
      if (!IGNORED.includes(name)) report(new PinlakeError("FIELD_UNRECOGNIZED", { field: name }));
      reader.skipValue();
    }
  });
  reader.end();
  if (problem !== undefined) throw problem;
  if (records === undefined || records.length === 0) throw invalid(`"records" must hold at least one record.`);
  return records;
}

type Report = (problem: PinlakeError) => void;

function readJson(reader: JsonReader, body: Buffer): Buffer | null {
  const value = readCompactValue(reader, body);
  return value.length === 4 && value[0] === NULL ? null : value;
}

function readBase64(reader: JsonReader, body: Buffer, report: Report): Buffer | null {
  const first = reader.peek();
  const start = reader.position();
  if (first !== QUOTE) {
    reader.skipValue();
    if (first === NULL) return null;
    report(malformed(`data=${excerpt(body.toString("utf8", start, reader.position()))} is not a base64 string.`));
    return null;
  }
  const escaped = reader.skipString();
  const text = nameText(body, start + 1, reader.position() - 1, escaped);
  const data = text.replace(/={1,2}$/, "");
  const bytes = Buffer.from(data, "base64");
  if (/^[A-Za-z0-9+/]*$/.test(data) && data.length % 4 !== 1) return bytes;
  report(malformed(`data=${excerpt(text)} is not a valid base64 string.`));
  return null;
}

const excerpt = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
const malformed = (reason: string) => new PinlakeError("REQUEST_MALFORMED", { reason });
const invalid = (reason: string) => new PinlakeError("REQUEST_INVALID", { reason });
const missingInput = () => invalid("Null input provided. Data is required.");
