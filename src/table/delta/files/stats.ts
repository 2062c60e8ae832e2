import type { ColumnStats, ParquetFile } from "../../../engine/query-engine.ts";
import type { DataType, StructField, StructType } from "../../../engine/schema.ts";

/** Leaf columns that get stats, in schema order, unless the table says otherwise. */
const INDEXED_COLUMNS = 32;
const STRING_PREFIX = 32;

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

type Tree = { [name: string]: unknown };

/**
 * `add.stats` of a file: numRecords, and per leaf column the bounds and the count of NULLs (Delta protocol, "Per-file
 * Statistics"). What is left out is unknown to a reader; a bound that is there must hold.
 */
export function statsJson(
  file: Pick<ParquetFile, "rows" | "stats">,
  schema: StructType,
  configuration: Readonly<Record<string, string>> = {},
): string {
  const limit = Number(configuration["delta.dataSkippingNumIndexedCols"] ?? INDEXED_COLUMNS);
  let left = limit < 0 || Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
  const minValues: Tree = {};
  const maxValues: Tree = {};
  const nullCount: Tree = {};

  const visit = (fields: readonly StructField[], path: string, min: Tree, max: Tree, nulls: Tree): void => {
    for (const { name, type } of fields) {
      const key = path === "" ? name : `${path}.${name}`;
      if (typeof type !== "string") {
        if (type.type !== "struct") continue;
        visit(type.fields, key, subtree(min, name), subtree(max, name), subtree(nulls, name));
        continue;
      }
      if (left-- <= 0) return;
      const stats = file.stats.get(key);
      if (stats === undefined) continue;
      if (stats.nullCount !== undefined) nulls[name] = stats.nullCount;
      const bounds = boundsOf(type, stats);
      if (bounds?.min !== undefined) min[name] = bounds.min;
      if (bounds?.max !== undefined) max[name] = bounds.max;
    }
  };
  visit(schema.fields, "", minValues, maxValues, nullCount);
  return JSON.stringify({ numRecords: file.rows, minValues, maxValues, nullCount });
}

const subtree = (tree: Tree, name: string): Tree => {
  const child: Tree = {};
  tree[name] = child;
  return child;
};

interface Bounds {
  readonly min?: unknown;
  readonly max?: unknown;
}

function boundsOf(type: Exclude<DataType, object>, { min, max, hasNan }: ColumnStats): Bounds | undefined {
  switch (type) {
    case "long":
    case "integer":
    case "short":
    case "byte":
      return { min: digits(min), max: digits(max) };
    case "double":
    case "float":
      // Spark orders NaN above every number, the engine leaves it out: no bound would hold for both.
      return hasNan === true ? undefined : { min: finite(min, "-0.0"), max: finite(max, "0.0") };
    case "string":
      return {
        min: min === undefined ? undefined : prefix(min),
        max: max === undefined ? undefined : upperPrefix(max),
      };
    case "date":
      return { min: day(min), max: day(max) };
    case "timestamp":
    case "timestamp_ntz":
      return { min: instant(min, "down", type), max: instant(max, "up", type) };
    case "boolean":
    case "binary":
      return undefined;
    default:
      return { min: decimal(min), max: decimal(max) };
  }
}

/** 64-bit numbers do not fit a JavaScript number: the digits go into the text as they are. */
const digits = (text: string | undefined): unknown =>
  text !== undefined && /^-?[0-9]+$/.test(text) ? rawJSON(BigInt(text).toString()) : undefined;

const decimal = (text: string | undefined): unknown =>
  text !== undefined && /^-?[0-9]+([.][0-9]+)?$/.test(text)
    ? rawJSON(text.replace(/^(-?)0+(?=[0-9])/, "$1"))
    : undefined;

/** JSON has no infinities. Of the two zeros the outer one is the bound, because some readers tell them apart. */
function finite(text: string | undefined, zero: "-0.0" | "0.0"): unknown {
  const value = Number(text ?? "NaN");
  if (!Number.isFinite(value)) return undefined;
  return value === 0 ? rawJSON(zero) : value;
}

const prefix = (text: string): string => [...text.slice(0, 2 * STRING_PREFIX)].slice(0, STRING_PREFIX).join("");

/** A short text that is not below any that begins as `text` does; undefined when there is none. */
function upperPrefix(text: string): string | undefined {
  const points = [...text];
  if (points.length <= STRING_PREFIX) return text;
  for (let length = STRING_PREFIX; length < points.length && length < 2 * STRING_PREFIX; length++) {
    const cut = points[length] as string;
    const kept = points.slice(0, length).join("");
    if (cut < "\u007f") return `${kept}\u007f`;
    if (cut !== "\u{10ffff}") return `${kept}\u{10ffff}`;
  }
  return undefined;
}

const day = (text: string | undefined): string | undefined =>
  text !== undefined && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? text : undefined;

const INSTANT =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.]([0-9]{1,6}))?(?:Z|\+00(?::?00)?)?$/;

/** In whole milliseconds: a lower bound is cut, an upper one rounded up. */
function instant(text: string | undefined, direction: "down" | "up", type: "timestamp" | "timestamp_ntz"): unknown {
  const [, date, time, fraction = ""] = INSTANT.exec(text ?? "") ?? [];
  if (date === undefined) return undefined;
  const micros = Number(fraction.padEnd(6, "0"));
  const millis = direction === "up" ? Math.ceil(micros / 1000) : Math.floor(micros / 1000);
  const atMs = Date.parse(`${date}T${time}Z`) + millis;
  if (Number.isNaN(atMs)) return undefined;
  const iso = new Date(atMs).toISOString();
  if (!/^[0-9]{4}-/.test(iso)) return undefined;
  return type === "timestamp" ? iso : iso.slice(0, -1);
}
