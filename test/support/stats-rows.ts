import fc from "fast-check";
import type { SqlValue } from "../../src/engine/query-engine.ts";
import { structType } from "../../src/engine/schema.ts";

/** Rows of every type that stats have bounds of, and stats as somebody may write them. */
export const schema = structType([
  { name: "n", type: "long" },
  { name: "s", type: "string" },
  { name: "d", type: "date" },
  { name: "t", type: "timestamp" },
  { name: "f", type: "double" },
  { name: "g", type: "float" },
  { name: "m", type: "decimal(20,4)" },
]);

export interface Row {
  readonly n: bigint;
  readonly s: string;
  readonly d: string;
  readonly t: bigint;
  readonly f: number;
  readonly g: number;
  readonly m: string;
}

export const row: fc.Arbitrary<Row> = fc.record({
  n: fc.oneof(fc.bigInt(-5n, 5n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  s: fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "\u007f", "\u{10ffff}", "é", "\u{1f41f}"), maxLength: 3 }),
    fc.string({ unit: fc.constantFrom("a", "\u{1f41f}"), minLength: 30, maxLength: 40 }),
  ),
  d: fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10)),
  t: fc.oneof(fc.bigInt(-3000n, 3000n), fc.bigInt(-62135596800000000n, 253402300799999999n)),
  f: fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, 1.5)),
  g: fc.oneof(fc.float(), fc.constantFrom(Math.fround(0.1), Number.NaN)),
  m: fc.bigInt(-(10n ** 20n) + 1n, 10n ** 20n - 1n).map((n) => decimal(n)),
});

const decimal = (n: bigint): string => {
  const digits = (n < 0n ? -n : n).toString().padStart(5, "0");
  return `${n < 0n ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
};
const unscaled = (text: string): bigint => BigInt(text.replace(".", ""));

/** As floats are printed: in so few digits that they are read back as the same. */
const printed = (value: number): string => {
  for (let digits = 1; ; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
};

const least = <T>(values: readonly T[], before: (a: T, b: T) => boolean, none?: T): T =>
  values.length === 0 ? (none as T) : values.reduce((a, b) => (before(b, a) ? b : a));
const isNumber = (value: number) => !Number.isNaN(value);
const finite = (value: number, print: (value: number) => string) =>
  Number.isFinite(value) ? rawJSON(Object.is(value, -0) ? "-0.0" : print(value)) : undefined;
const bytesBefore = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Cut to the millisecond, as most writers do, or to the microsecond, or without its zone. */
function instant(micros: bigint, form: number): string {
  const ms = micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n;
  const iso = new Date(Number(ms)).toISOString();
  if (form === 1) return iso.replace("Z", `${(micros - ms * 1000n).toString().padStart(3, "0")}Z`);
  return form === 2 ? iso.slice(0, -1) : form === 3 ? iso.replace("Z", "+00:00") : iso;
}

/** At least as great as every text that begins so, in at most 32 characters and one more. */
function cutMax(text: string): string | undefined {
  const points = [...text];
  if (points.length <= 32) return text;
  return `${points.slice(0, 32).join("")}\u{10ffff}`;
}

/** Stats as somebody may write them: right, but not all of them. */
export function statsOf(rows: readonly Row[], form: number, left: readonly string[]): string {
  const all = <T>(of: (row: Row) => T) => rows.map(of);
  const min = {
    n: rawJSON(
      String(
        least(
          all((r) => r.n),
          (a, b) => a < b,
        ),
      ),
    ),
    s: [
      ...least(
        all((r) => r.s),
        bytesBefore,
      ),
    ]
      .slice(0, 32)
      .join(""),
    d: least(
      all((r) => r.d),
      (a, b) => a < b,
    ),
    t: instant(
      least(
        all((r) => r.t),
        (a, b) => a < b,
      ),
      form,
    ),
    f: finite(
      least(all((r) => r.f).filter(isNumber), (a, b) => a < b, Number.NaN),
      String,
    ),
    g: finite(
      least(all((r) => r.g).filter(isNumber), (a, b) => a < b, Number.NaN),
      printed,
    ),
    m: rawJSON(
      least(
        all((r) => r.m),
        (a, b) => unscaled(a) < unscaled(b),
      ),
    ),
  };
  const max = {
    n: rawJSON(
      String(
        least(
          all((r) => r.n),
          (a, b) => a > b,
        ),
      ),
    ),
    s: cutMax(
      least(
        all((r) => r.s),
        (a, b) => bytesBefore(b, a),
      ),
    ),
    d: least(
      all((r) => r.d),
      (a, b) => a > b,
    ),
    t: instant(
      least(
        all((r) => r.t),
        (a, b) => a > b,
      ),
      form,
    ),
    f: finite(
      least(all((r) => r.f).filter(isNumber), (a, b) => a > b, Number.NaN),
      String,
    ),
    g: finite(
      least(all((r) => r.g).filter(isNumber), (a, b) => a > b, Number.NaN),
      printed,
    ),
    m: rawJSON(
      least(
        all((r) => r.m),
        (a, b) => unscaled(a) > unscaled(b),
      ),
    ),
  };
  const some = (values: object) => Object.fromEntries(Object.entries(values).filter(([name]) => left.includes(name)));
  return JSON.stringify({ numRecords: rows.length, minValues: some(min), maxValues: some(max), tightBounds: false });
}

export const names = ["n", "s", "d", "t", "f", "g", "m"] as const;
/** Whether one value of a column is not above the other. */
export const compare = (column: string, a: SqlValue, b: SqlValue): boolean => {
  if (column === "m") return unscaled(a as string) <= unscaled(b as string);
  if (Number.isNaN(b)) return true;
  return typeof a === "string" ? !bytesBefore(b as string, a) : (a as bigint) <= (b as bigint);
};

/** As the log has a partition's value. */
export function partitionText(column: string, row: Row): string | null {
  if (column === "t") return instant(row.t, 1).replace("Z", "").replace("T", " ");
  return String(row[column as keyof Row]);
}
