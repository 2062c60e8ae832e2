import type { QuerySession } from "../../../engine/query-engine.ts";
import type { StructType } from "../../../engine/schema.ts";
import { PinlakeError } from "../../../errors.ts";
import type { OptimizeOptions } from "../../table.ts";

/** In which order rows are laid, so that a file's values lie close together. */
export type RowOrder =
  | { readonly kind: "sorted"; readonly columns: readonly string[] }
  /** Near in all of these columns at once: by the interleaved bits of each value's rank. */
  | { readonly kind: "zOrder"; readonly columns: readonly string[] };

/** Throws USAGE. */
export function rowOrder(
  table: string,
  { fields }: StructType,
  { sortBy, zOrderBy, maxFiles }: Pick<OptimizeOptions, "sortBy" | "zOrderBy" | "maxFiles">,
): RowOrder | undefined {
  const refuse = (message: string): never => {
    throw new PinlakeError("USAGE", { message: `${table}: ${message}` });
  };
  const columns = zOrderBy ?? sortBy;
  if (columns === undefined || columns.length === 0) return undefined;
  if (sortBy !== undefined && zOrderBy !== undefined) refuse("sort its rows by columns, or Z-order them, not both");
  if (maxFiles !== undefined) refuse("rows are ordered in all files, so maxFiles cannot be kept");
  const unknown = columns.find((column) => !fields.some(({ name }) => name === column));
  if (unknown !== undefined) refuse(`there is no column "${unknown}" to order rows by`);
  if (zOrderBy !== undefined && columns.length > MOST_COLUMNS) refuse(`Z-order takes at most ${MOST_COLUMNS} columns`);
  return { kind: zOrderBy === undefined ? "sorted" : "zOrder", columns };
}

/** In a 64-bit integer that has a sign. */
const BITS = 62;
const MOST_BITS = 16;
const MOST_COLUMNS = 15;
const ORDER = "_pinlake_order";

/** A relation with the rows of `view`, and what to order them by where it is called `t`. */
export function ordered(
  session: QuerySession,
  view: string,
  { kind, columns }: RowOrder,
): { readonly from: string; readonly orderBy: string } {
  const q = session.quote;
  if (kind === "sorted")
    return { from: q(view), orderBy: columns.map((column) => `t.${q(column)} NULLS FIRST`).join(", ") };
  const bits = Math.min(MOST_BITS, Math.floor(BITS / columns.length));
  const rank = (i: number) => q(`${ORDER}_${i}`);
  const ranks = columns.map(
    (column, i) =>
      `CAST(floor(percent_rank() OVER (ORDER BY ${q(column)} NULLS FIRST) * ${2 ** bits - 1}) AS BIGINT) AS ${rank(i)}`,
  );
  const terms = columns.flatMap((_, i) =>
    Array.from({ length: bits }, (_, bit) => `(((${rank(i)} >> ${bit}) & 1) << ${bit * columns.length + i})`),
  );
  const ranked = `SELECT *, ${ranks.join(", ")} FROM ${q(view)}`;
  return { from: `(SELECT *, ${terms.join(" + ")} AS ${q(ORDER)} FROM (${ranked}))`, orderBy: `t.${q(ORDER)}` };
}
