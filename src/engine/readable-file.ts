import { type JsonLines, scanJsonLines, type UnusualLine } from "../json/json-lines.ts";
import type { Copies } from "./copies.ts";
import type { FileReader } from "./file-reader.ts";

/** An NDJSON file that an engine can read: a row for each line, none skipped. */
export interface ReadableFile extends JsonLines {
  /** The file itself, or the copy. */
  readonly readable: string;
  /** Whether the last line has its newline. */
  readonly ended: boolean;
  /** The unusual lines' bytes by their number; undefined where they are many and have to be read again. */
  readonly kept: ReadonlyMap<number, Uint8Array> | undefined;
}

/** Of a file: a run has many in hand. */
const MOST_KEPT_BYTES = 256 * 1024;

const EMPTY_OBJECT = Buffer.from("{}");
const SPACE = 32;
const NEWLINE = 10;

/**
 * Makes a file readable: lines of which an engine's reading may differ from the strict one become `{}` in a copy, so that
 * the others keep their number. Without such lines it is the file itself.
 */
export function readableFile(read: FileReader, path: string, copies: Copies): Promise<ReadableFile> {
  return read(path, (bytes) => asReadable(path, bytes, copies));
}

async function asReadable(path: string, bytes: Buffer, copies: Copies): Promise<ReadableFile> {
  const scanned = { ...scanJsonLines(bytes), ended: bytes.length === 0 || bytes.at(-1) === NEWLINE };
  const kept = keptLines(bytes, scanned.unusual);
  if (scanned.unusual.length === 0) return { ...scanned, kept, readable: path };
  return { ...scanned, kept, readable: await copies.write(withoutUnusual(bytes, scanned.unusual)) };
}

function keptLines(bytes: Buffer, unusual: readonly UnusualLine[]): ReadonlyMap<number, Uint8Array> | undefined {
  if (unusual.reduce((sum, { start, end }) => sum + end - start, 0) > MOST_KEPT_BYTES) return undefined;
  return new Map(unusual.map(({ line, start, end }) => [line, Buffer.from(bytes.subarray(start, end))]));
}

/** The same text with `{}` for these lines; in place where there is room for it. */
function withoutUnusual(bytes: Buffer, unusual: readonly UnusualLine[]): Buffer {
  const parts: Buffer[] = [];
  let copied = 0;
  for (const { start, end } of unusual) {
    if (end - start >= EMPTY_OBJECT.length) bytes.fill(SPACE, start + EMPTY_OBJECT.copy(bytes, start), end);
    else {
      parts.push(bytes.subarray(copied, start), EMPTY_OBJECT);
      copied = end;
    }
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(copied)]);
}
