import { isUtf8 } from "node:buffer";
import type { DatasetDefinition } from "../define/dataset.ts";
import { type MemberReader, memberReader } from "./json-members.ts";

/** What a record must look like to be read as a row. */
export interface RecordShape {
  readonly key: string;
  readonly fields: readonly FieldShape[];
  /** Fields that only other datasets' records have. */
  readonly foreignMarkers: readonly string[];
  /** Reads the members that say what a record is, in the order of `names`. */
  readonly read: MemberReader;
  readonly names: readonly string[];
}

interface FieldShape {
  readonly name: string;
  readonly spellings: readonly string[];
  /** Where the spellings stand among the names. */
  readonly at: readonly number[];
}

export type RecordReason = "not_json" | "encoded_value" | "wrapped_value" | "not_an_object" | "wrong_dataset";

/** What a record's bytes are: no event of a row, unusable, or a row: the JSON of each field, undefined where it has no value. */
export type Verdict =
  | { readonly kind: "tombstone" }
  | { readonly kind: "bad"; readonly reason: RecordReason; readonly detail: string }
  | { readonly kind: "row"; readonly sources: readonly (string | undefined)[] };

/** Under this name wrappers put the row. */
const WRAPPED = "value";

export function recordShape(
  dataset: Pick<DatasetDefinition, "record">,
  foreignMarkers: readonly string[],
): RecordShape {
  const own = Object.entries(dataset.record.fields).map(([name, { aliases }]) => [name, ...aliases]);
  const foreign = foreignMarkers.filter((marker) => !own.flat().includes(marker));
  const names = [...new Set([...own.flat(), WRAPPED, ...foreign])];
  return {
    key: dataset.record.key,
    fields: own.map((spellings) => ({
      name: spellings[0] as string,
      spellings,
      at: spellings.map((spelling) => names.indexOf(spelling)),
    })),
    foreignMarkers: foreign,
    read: memberReader(names),
    names,
  };
}

/** Decides strictly, as the gateway would: JSON in UTF-8 without lone surrogates. The first reason that applies. */
export function judge(value: Uint8Array | null, shape: RecordShape): Verdict {
  if (value === null) return { kind: "tombstone" };
  const text = utf8Text(value);
  if (text === undefined) return bad("not_json", `The value, ${value.length} bytes, is not UTF-8 text.`);
  return judgeText(text, shape);
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
  return judgeMembers(shape.read(text), shape);
}

function judgeString(value: string): Verdict {
  if (parseStrictly(value) !== undefined)
    return bad("encoded_value", `The value is a string that holds JSON: ${quoted(value)}.`);
  const decoded = fromBase64(value);
  if (decoded !== undefined && parseStrictly(decoded) !== undefined)
    return bad("encoded_value", `The value is a string that holds base64 of JSON: ${quoted(value)}.`);
  return bad("not_an_object", `The value ${quoted(value)} is a string, not an object.`);
}

function judgeMembers(members: readonly (string | undefined)[], shape: RecordShape): Verdict {
  const member = (name: string) => members[shape.names.indexOf(name)];
  const sources = shape.fields.map(({ at }) => firstPresent(members, at));
  const keySource = sources[shape.fields.findIndex((field) => field.name === shape.key)];
  if (keySource?.startsWith("{"))
    return bad("wrapped_value", `The row sits inside the key field "${shape.key}": ${quoted(keySource)}.`);
  const inner = keySource === undefined ? member(WRAPPED) : undefined;
  if (inner !== undefined && holdsObject(inner))
    return bad("wrapped_value", `The row sits inside the field "${WRAPPED}": ${quoted(inner)}.`);
  const ownFields = sources.some((source, i) => source !== undefined && shape.fields[i]?.name !== shape.key);
  const marker = ownFields ? undefined : shape.foreignMarkers.find((name) => isPresent(member(name)));
  if (marker !== undefined)
    return bad(
      "wrong_dataset",
      `The record has no field of this dataset but its key, and "${marker}" is ${quoted(member(marker) ?? "")}, a field of another dataset.`,
    );
  return { kind: "row", sources };
}

function firstPresent(members: readonly (string | undefined)[], at: readonly number[]): string | undefined {
  for (const i of at) if (isPresent(members[i])) return members[i];
  return undefined;
}

const bad = (reason: RecordReason, detail: string): Verdict => ({ kind: "bad", reason, detail });

const isPresent = (source: string | undefined): source is string => source !== undefined && source !== "null";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function holdsObject(source: string): boolean {
  if (source.startsWith("{")) return true;
  return source.startsWith("[") && (JSON.parse(source) as unknown[]).some(isObject);
}

export function utf8Text(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** The parsed value, or undefined where the text is not JSON or has half of a surrogate pair. */
function parseStrictly(text: string): { readonly json: unknown } | undefined {
  try {
    let wellFormed = true;
    const json: unknown =
      text.includes("\\u") && SURROGATE_ESCAPE.test(text)
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
