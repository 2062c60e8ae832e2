import type { DatasetDefinition } from "../define/dataset.ts";
import { eachMember, fieldText, type Members, membersOf } from "./json-members.ts";

/** What a record must look like to be read as a row. */
export interface RecordShape {
  readonly key: string;
  readonly fields: readonly { readonly name: string; readonly spellings: readonly string[] }[];
  /** Fields that only other datasets' records have. */
  readonly foreignMarkers: readonly string[];
}

export type RecordReason = "not_json" | "encoded_value" | "wrapped_value" | "not_an_object" | "wrong_dataset";

/** What a record's bytes are: no event of a row, unusable, or the text of each field. */
export type Verdict =
  | { readonly kind: "tombstone" }
  | { readonly kind: "bad"; readonly reason: RecordReason; readonly detail: string }
  | { readonly kind: "row"; readonly fields: readonly (string | null)[] };

export function recordShape(
  dataset: Pick<DatasetDefinition, "record">,
  foreignMarkers: readonly string[],
): RecordShape {
  const fields = Object.entries(dataset.record.fields).map(([name, { aliases }]) => ({
    name,
    spellings: [name, ...aliases],
  }));
  const own = new Set(fields.flatMap((field) => field.spellings));
  return { key: dataset.record.key, fields, foreignMarkers: foreignMarkers.filter((marker) => !own.has(marker)) };
}

/** Decides strictly, as the gateway would: JSON in UTF-8 without lone surrogates. The first reason that applies. */
export function judge(value: Uint8Array | null, shape: RecordShape): Verdict {
  if (value === null) return { kind: "tombstone" };
  const text = utf8Text(value);
  if (text === undefined) return bad("not_json", `The value, ${value.length} bytes, is not UTF-8 text.`);
  return judgeText(text, shape);
}

/** Whether every JSON reader takes these bytes for the same object: valid, without half surrogate pairs or equal keys. */
export function isPlainObject(line: Uint8Array): boolean {
  const text = utf8Text(line);
  if (text === undefined || SURROGATE_ESCAPE.test(text)) return false;
  const parsed = parseStrictly(text);
  if (parsed === undefined || !isObject(parsed.json)) return false;
  const members = [...eachMember(text)];
  return new Set(members.map(([key]) => key)).size === members.length;
}

function judgeText(text: string, shape: RecordShape): Verdict {
  const parsed = parseStrictly(text);
  if (parsed === undefined) return bad("not_json", `The value ${quoted(text)} is not JSON.`);
  const value = parsed.json;
  if (value === null) return { kind: "tombstone" };
  if (typeof value === "string") return judgeString(value);
  if (Array.isArray(value))
    return value.some(isObject)
      ? bad("wrapped_value", `The row sits in an array: ${quoted(text)}.`)
      : bad("not_an_object", `The value ${quoted(text)} is an array, not an object.`);
  if (!isObject(value)) return bad("not_an_object", `The value ${quoted(text)} is no object.`);
  return judgeMembers(membersOf(text), shape);
}

function judgeString(value: string): Verdict {
  if (parseStrictly(value) !== undefined)
    return bad("encoded_value", `The value is a string that holds JSON: ${quoted(value)}.`);
  const decoded = fromBase64(value);
  if (decoded !== undefined && parseStrictly(decoded) !== undefined)
    return bad("encoded_value", `The value is a string that holds base64 of JSON: ${quoted(value)}.`);
  return bad("not_an_object", `The value ${quoted(value)} is a string, not an object.`);
}

function judgeMembers(members: Members, shape: RecordShape): Verdict {
  const sources = shape.fields.map(({ spellings }) => spellings.map((name) => members.get(name)).find(isPresent));
  const keySource = sources[shape.fields.findIndex((field) => field.name === shape.key)];
  if (keySource?.startsWith("{"))
    return bad("wrapped_value", `The row sits inside the key field "${shape.key}": ${quoted(keySource)}.`);
  const inner = members.get("value");
  if (keySource === undefined && inner !== undefined && holdsObject(inner))
    return bad("wrapped_value", `The row sits inside the field "value": ${quoted(inner)}.`);
  const ownFields = sources.some((source, i) => source !== undefined && shape.fields[i]?.name !== shape.key);
  const marker = ownFields ? undefined : shape.foreignMarkers.find((name) => isPresent(members.get(name)));
  if (marker !== undefined)
    return bad(
      "wrong_dataset",
      `The record has no field of this dataset but its key, and "${marker}" is ${quoted(members.get(marker) ?? "")}, a field of another dataset.`,
    );
  return { kind: "row", fields: sources.map(fieldText) };
}

const bad = (reason: RecordReason, detail: string): Verdict => ({ kind: "bad", reason, detail });

const isPresent = (source: string | undefined): source is string => source !== undefined && source !== "null";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function holdsObject(source: string): boolean {
  if (source.startsWith("{")) return true;
  return source.startsWith("[") && (JSON.parse(source) as unknown[]).some(isObject);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** The parsed value, or undefined where the text is not JSON or has half of a surrogate pair. */
function parseStrictly(text: string): { readonly json: unknown } | undefined {
  try {
    let wellFormed = true;
    const json: unknown = SURROGATE_ESCAPE.test(text)
      ? JSON.parse(text, (key, value: unknown) => {
          wellFormed &&= key.isWellFormed() && (typeof value !== "string" || value.isWellFormed());
          return value;
        })
      : JSON.parse(text);
    return wellFormed ? { json } : undefined;
  } catch {
    return undefined;
  }
}

/** Text behind base64 in either alphabet, padded or not; undefined where it is none. */
function fromBase64(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/.test(text) || text.replace(/=+$/, "").length % 4 === 1)
    return undefined;
  return utf8Text(Buffer.from(text, "base64"));
}

const MAX_QUOTED = 200;

/** A value for a message, cut where it is long. */
export function quoted(text: string): string {
  const characters = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED).toWellFormed()}…` : text;
  return /^["{[]/.test(characters) ? characters : JSON.stringify(characters);
}
