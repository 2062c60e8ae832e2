import type { SqlValue } from "../../../engine/query-engine.ts";
import type { StructField } from "../../../engine/schema.ts";
import { ownValue } from "../../../own-value.ts";
import type { ColumnRange } from "../../table.ts";
import { physicalName, type TableSchema } from "../definition/column-mapping.ts";
import type { AddFile } from "../log/actions.ts";

export type { ColumnRange as KeyRange } from "../../table.ts";

interface FileStats {
  readonly numRecords?: unknown;
  readonly minValues?: Readonly<Record<string, unknown>> | null;
  readonly maxValues?: Readonly<Record<string, unknown>> | null;
}

const parsed = new WeakMap<AddFile, FileStats>();

const MANY_DIGITS = /[0-9.]{16}/;
// What a number does not hold to its last digit stays text. Looking at each costs ten times the parse, so only where needed.
const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === "number" && context?.source !== undefined && String(value) !== context.source
    ? context.source
    : value;

/** A file's stats; nothing is known when they are missing or garbage. */
export function statsOf(add: AddFile): FileStats {
  const known = parsed.get(add);
  if (known !== undefined) return known;
  const stats = parseStats(add.stats);
  parsed.set(add, stats);
  return stats;
}

function parseStats(text: string | null | undefined): FileStats {
  if (text == null || text === "") return {};
  try {
    const reviver = MANY_DIGITS.test(text) ? (exact as (key: string, value: unknown) => unknown) : undefined;
    const value: unknown = JSON.parse(text, reviver);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Rows in a file that are part of the table, when its stats say. */
export function rowsOf(add: AddFile): number | undefined {
  const { numRecords } = statsOf(add);
  return typeof numRecords === "number" ? numRecords - (add.deletionVector?.cardinality ?? 0) : undefined;
}

/** A file's stats once rows of it are deleted: what its bounds were made of may be among them. */
export function withLooseBounds(add: AddFile): string {
  const stats = JSON.parse(add.stats ?? "{}", asWritten as (key: string, value: unknown) => unknown) as object;
  return JSON.stringify({ ...stats, tightBounds: false });
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
/** Numbers as their text: not all fit one of JavaScript's. */
const asWritten = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === "number" && context?.source !== undefined ? rawJSON(context.source) : value;

/** Rows in files whose stats say how many. */
export const storedRows = (adds: readonly AddFile[]): number => adds.reduce((sum, add) => sum + (rowsOf(add) ?? 0), 0);

/** Whether a file may hold a row whose values lie in every one of these ranges. Unknown is yes. */
export function mayHold(add: AddFile, ranges: readonly ColumnRange[], schema: TableSchema): boolean {
  return ranges.every(({ column, min, max }) => {
    const field = schema.fields.find(({ name }) => name === column);
    const compare = field === undefined ? undefined : comparing(field);
    if (field === undefined || compare === undefined || min === null || max === null) return true;
    const bounds = boundsOf(add, physicalName(schema, field));
    if (bounds === undefined) return false;
    const [low, high] = [compare.bound(bounds.low), compare.bound(bounds.high)];
    // A reader of others' stats allows for upper bounds that were cut to the millisecond.
    if (high !== undefined && compare.order(compare.value(min), compare.slack(high, max)) > 0) return false;
    return low === undefined || compare.order(compare.value(max), low) >= 0;
  });
}

/** Between which values a file's column lies, as the log has them; undefined when all of it is NULL, which no range holds. */
function boundsOf(add: AddFile, name: string): { readonly low: unknown; readonly high: unknown } | undefined {
  const value = ownValue(add.partitionValues, name);
  if (value === null || value === "") return undefined;
  if (value !== undefined) return { low: value, high: value };
  const { minValues, maxValues } = statsOf(add);
  return { low: own(minValues, name), high: own(maxValues, name) };
}

const own = (values: unknown, name: string): unknown =>
  typeof values === "object" && values !== null
    ? ownValue(values as Readonly<Record<string, unknown>>, name)
    : undefined;

interface Comparing {
  readonly bound: (stat: unknown) => Comparable | undefined;
  /** How great a value may be in spite of its upper bound; `max` is what is asked for at most. */
  readonly slack: (bound: Comparable, max: SqlValue) => Comparable;
  readonly value: (value: SqlValue) => Comparable;
  readonly order: (a: Comparable, b: Comparable) => number;
}
type Comparable = bigint | string | number;

const byValue = (a: Comparable, b: Comparable): number => (a < b ? -1 : a > b ? 1 : 0);
const same = <T>(value: T): T => value;

const integers: Comparing = {
  bound: (stat) => (/^-?[0-9]+$/.test(String(stat)) ? BigInt(String(stat)) : undefined),
  slack: same,
  value: (value) => BigInt(value as number | bigint),
  order: byValue,
};
const text: Comparing = {
  bound: (stat) => (typeof stat === "string" ? stat : undefined),
  slack: same,
  value: String,
  order: (a, b) => Buffer.compare(Buffer.from(a as string), Buffer.from(b as string)),
};
/** Years of more than four digits, and those before ours, are not in order as texts. */
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const days: Comparing = {
  bound: (stat) => (typeof stat === "string" && DAY.test(stat) ? dayNumber(stat) : undefined),
  slack: same,
  value: (value) => dayNumber(String(value)),
  order: byValue,
};
const dayNumber = (text: string): bigint => {
  if (DAY.test(text)) return BigInt(text.replaceAll("-", ""));
  return text.endsWith("(BC)") || text.startsWith("-") ? -1n : 10n ** 12n;
};

const instants: Comparing = {
  bound: (stat) => {
    // With a T: of other forms years below 100 are taken for others.
    const text = typeof stat === "string" ? stat.replace(" ", "T") : "";
    const atMs = Date.parse(/Z|[+-][0-9:]+$/.test(text) ? text : `${text}Z`);
    return Number.isNaN(atMs) ? undefined : BigInt(atMs) * 1000n;
  },
  slack: (bound) => (bound as bigint) + 999n,
  value: (value) => BigInt(value as bigint),
  order: byValue,
};

/** Of NaN no bound says anything, and it is greater than all numbers. */
const floating = (rounded: (value: number) => number): Comparing => ({
  bound(stat) {
    const value = typeof stat === "number" || (typeof stat === "string" && stat !== "") ? Number(stat) : Number.NaN;
    return Number.isNaN(value) ? undefined : rounded(value);
  },
  slack: (bound, max) => (Number.isNaN(max) ? Number.POSITIVE_INFINITY : bound),
  value: (value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : rounded(value as number)),
  order: byValue,
});

const decimals = (scale: number): Comparing => ({
  bound: (stat) => scaled(String(stat), scale),
  slack: same,
  value: (value) => scaled(String(value), scale) as bigint,
  order: byValue,
});

function scaled(text: string, scale: number): bigint | undefined {
  const [, sign, whole, fraction = ""] = /^(-?)([0-9]+)(?:[.]([0-9]+))?$/.exec(text) ?? [];
  if (whole === undefined || fraction.length > scale) return undefined;
  const digits = BigInt(whole + fraction.padEnd(scale, "0"));
  return sign === "-" ? -digits : digits;
}

/** Whether files may be older than the column's type, with a float's few digits as their bounds. */
const wasFloat = (metadata: StructField["metadata"]): boolean =>
  JSON.stringify(metadata?.["delta.typeChanges"] ?? []).includes('"float"');

/** Types whose order in files, stats and here is the same. */
function comparing({ type, metadata }: StructField): Comparing | undefined {
  switch (type) {
    case "long":
    case "integer":
    case "short":
    case "byte":
      return integers;
    case "string":
      return text;
    case "date":
      return days;
    case "timestamp":
    case "timestamp_ntz":
      return instants;
    case "double":
      return floating(wasFloat(metadata) ? Math.fround : same);
    case "float":
      return floating(Math.fround);
    default: {
      const [, scale] = /^decimal\([0-9]+,([0-9]+)\)$/.exec(String(type)) ?? [];
      return scale === undefined ? undefined : decimals(Number(scale));
    }
  }
}
