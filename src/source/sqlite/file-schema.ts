import type { SourceTable } from "../../define/source.ts";

/** How each column type is declared; what SQLite says of a declared type leads back to it. */
export const DECLARED_TYPES: Readonly<Record<SourceTable["columns"][number]["type"], string>> = {
  integer: "INTEGER",
  real: "REAL",
  text: "TEXT",
  datetime: "DATETIME TEXT",
};

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function columnType(declared: string): SourceTable["columns"][number]["type"] {
  const type = declared.toUpperCase();
  if (type.includes("DATE") || type.includes("TIME")) return "datetime";
  if (type.includes("INT")) return "integer";
  return /REAL|FLOA|DOUB|NUM|DEC/.test(type) ? "real" : "text";
}
