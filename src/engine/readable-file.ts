import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type JsonLines, scanJsonLines, type UnusualLine } from "../json/json-lines.ts";
import type { FileReader } from "./file-reader.ts";

/** An NDJSON file that an engine can read: a row for each line, none skipped. */
export interface ReadableFile extends JsonLines {
  /** The file itself, or the copy. */
  readonly readable: string;
  /** Whether the last line has its newline. */
  readonly ended: boolean;
}

const EMPTY_OBJECT = Buffer.from("{}");
const SPACE = 32;
const NEWLINE = 10;

/**
 * Makes a file readable: lines of which an engine's reading may differ from the strict one become `{}` in a copy, so that
 * the others keep their number. Without such lines it is the file itself.
 */
export function readableFile(read: FileReader, path: string, tempFolder: string): Promise<ReadableFile> {
  return read(path, (bytes) => asReadable(path, bytes, tempFolder));
}

async function asReadable(path: string, bytes: Buffer, tempFolder: string): Promise<ReadableFile> {
  const scanned = { ...scanJsonLines(bytes), ended: bytes.length === 0 || bytes.at(-1) === NEWLINE };
  if (scanned.unusual.length === 0) return { ...scanned, readable: path };
  const readable = join(tempFolder, `${randomUUID()}.json`);
  await writeFile(readable, withoutUnusual(bytes, scanned.unusual));
  return { ...scanned, readable };
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
