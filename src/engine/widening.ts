import type { DataType } from "./schema.ts";

const INTEGERS = ["byte", "short", "integer", "long"];
/** Decimal digits that hold every value, or that a value holds. */
const DIGITS: Readonly<Record<string, number>> = { byte: 3, short: 5, integer: 10, long: 19 };

/** Whether every value of one type is a value of the other, so that a conversion neither fails nor changes any. */
export function holdsEvery(to: DataType, from: DataType): boolean {
  if (typeof from === "object" || typeof to === "object") {
    if (typeof from === "object" && typeof to === "object" && from.type === "array" && to.type === "array")
      return holdsEvery(to.elementType, from.elementType);
    return JSON.stringify(from) === JSON.stringify(to);
  }
  if (from === to) return true;
  const wanted = decimal(to);
  const given = decimal(from);
  if (wanted !== undefined) {
    const [whole, scale] = given ?? [DIGITS[from] ?? Number.POSITIVE_INFINITY, 0];
    return whole <= wanted[0] && scale <= wanted[1];
  }
  if (INTEGERS.includes(from) && INTEGERS.includes(to)) return INTEGERS.indexOf(from) < INTEGERS.indexOf(to);
  if (to === "double") return ["byte", "short", "integer", "float"].includes(from);
  return to === "float" && ["byte", "short"].includes(from);
}

/** Digits before and behind the point. */
function decimal(type: string): readonly [whole: number, scale: number] | undefined {
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : [Number(precision) - Number(scale), Number(scale)];
}
