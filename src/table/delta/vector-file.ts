import type { DeletionVector } from "./actions.ts";

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const UUID_DIGITS = 20;

/** The file of a deletion vector, relative to the table or absolute; undefined when it is inline. Throws for an unknown form. */
export function vectorFile({ storageType, pathOrInlineDv: text }: DeletionVector): string | undefined {
  if (storageType === "i") return undefined;
  if (storageType === "p") return text;
  if (storageType !== "u" || text.length < UUID_DIGITS) throw new Error(`${storageType} ${text} names no file`);
  const hex = [0, 5, 10, 15]
    .map((at) => word(text.slice(at - UUID_DIGITS, at - UUID_DIGITS + 5 || undefined)))
    .join("");
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const folder = text.slice(0, -UUID_DIGITS);
  return `${folder === "" ? "" : `${folder}/`}deletion_vector_${uuid}.bin`;
}

/** Four bytes in hexadecimal from five digits of Z85. */
function word(digits: string): string {
  const value = [...digits].reduce((sum, digit) => sum * 85 + DIGITS.indexOf(digit), 0);
  return value.toString(16).padStart(8, "0");
}
