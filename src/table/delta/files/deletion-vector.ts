import { crc32 } from "node:zlib";
import type { DeletionVector } from "../log/actions.ts";
import { formatRoaring, parseRoaring } from "./roaring-bitmap.ts";
import { formatZ85, parseZ85 } from "./z85.ts";

/*
 * A deletion vector says which rows of a data file, counted from 0, are no longer part of it. It stands in the action
 * itself (`i`), or in a file with others: under the table (`u`: its name is made of a UUID) or anywhere (`p`).
 *
 *   file = version 1 u8, each vector: (bytes i32 big-endian, RoaringBitmapArray, CRC-32 of that u32 big-endian)
 */
const FILE_VERSION = 1;
const UUID_DIGITS = 20;

/**
 * Where a vector's file lies: relative to the table for `u`, a URI or absolute path for `p`; undefined when it is inline.
 * Throws for a form that is not of the protocol.
 */
export function vectorFile({ storageType, pathOrInlineDv: text }: DeletionVector): string | undefined {
  switch (storageType) {
    case "i":
      return undefined;
    case "p":
      return text;
    case "u": {
      const hex = Buffer.from(parseZ85(text.slice(-UUID_DIGITS))).toString("hex");
      if (hex.length !== 32) throw new Error(`${text} names no file`);
      const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
      const folder = text.slice(0, -UUID_DIGITS);
      return `${folder === "" ? "" : `${folder}/`}deletion_vector_${uuid}.bin`;
    }
    default:
      throw new Error(`the storage type ${JSON.stringify(storageType)} is not known`);
  }
}

/** How an action names the file `deletion_vector_<uuid>.bin` under the table. */
export const vectorFileText = (uuid: string): string => formatZ85(Buffer.from(uuid.replaceAll("-", ""), "hex"));

/** Row numbers of an inline vector, rising. Throws for damage. */
export function parseInlineVector({ pathOrInlineDv, sizeInBytes, cardinality }: DeletionVector): number[] {
  const bytes = parseZ85(pathOrInlineDv);
  if (sizeInBytes > bytes.length || sizeInBytes <= bytes.length - 4)
    throw new Error(`it has ${bytes.length} bytes instead of ${sizeInBytes}`);
  return parseRoaring(bytes.subarray(0, sizeInBytes), cardinality);
}

/** Row numbers of a vector in this file, rising. Throws for damage. */
export function parseFileVector(file: Uint8Array, { offset, sizeInBytes, cardinality }: DeletionVector): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length === 0 || view.getUint8(0) !== FILE_VERSION) throw new Error(`it is not of version ${FILE_VERSION}`);
  const start = offset ?? 1;
  if (![start, sizeInBytes].every((number) => Number.isSafeInteger(number) && number >= 0))
    throw new Error(`a vector of ${sizeInBytes} bytes at ${start}`);
  const end = start + 4 + sizeInBytes;
  if (end + 4 > file.length) throw new Error(`it has ${file.length} bytes, and a vector is said to end at ${end + 4}`);
  const size = view.getInt32(start);
  if (size !== sizeInBytes) throw new Error(`the vector at ${start} has ${size} bytes instead of ${sizeInBytes}`);
  const bytes = file.subarray(start + 4, end);
  if (crc32(bytes) !== view.getUint32(end)) throw new Error(`the CRC-32 of the vector at ${start} is wrong`);
  return parseRoaring(bytes, cardinality);
}

/** A vector that stands in the action. */
export const inlineVector = (rows: Iterable<number>): DeletionVector => inAction(vectorOf(rows));

/** Vectors as bytes, on their way into actions or a file. */
export interface FormattedVector {
  readonly bytes: Uint8Array;
  readonly cardinality: number;
}

/** Of distinct row numbers in any order. */
export function vectorOf(rows: Iterable<number>): FormattedVector {
  const numbers = [...rows];
  return { bytes: formatRoaring(numbers), cardinality: numbers.length };
}

export const inAction = ({ bytes, cardinality }: FormattedVector): DeletionVector => ({
  storageType: "i",
  pathOrInlineDv: formatZ85(bytes),
  sizeInBytes: bytes.length,
  cardinality,
});

/** A file of vectors, to be put at `deletion_vector_<uuid>.bin` under the table, and what actions say of each, in order. */
export function vectorsFile(
  uuid: string,
  vectors: readonly FormattedVector[],
): { readonly bytes: Uint8Array; readonly vectors: readonly DeletionVector[] } {
  const pathOrInlineDv = vectorFileText(uuid);
  const parts: Uint8Array[] = [Buffer.of(FILE_VERSION)];
  let offset = 1;
  const described = vectors.map(({ bytes, cardinality }): DeletionVector => {
    const [head, tail] = [Buffer.alloc(4), Buffer.alloc(4)];
    head.writeInt32BE(bytes.length);
    tail.writeUInt32BE(crc32(bytes));
    parts.push(head, bytes, tail);
    const at = offset;
    offset += bytes.length + 8;
    return { storageType: "u", pathOrInlineDv, offset: at, sizeInBytes: bytes.length, cardinality };
  });
  return { bytes: Buffer.concat(parts), vectors: described };
}
