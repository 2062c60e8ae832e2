import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** An NDJSON file that an engine can read: a row for each line, none skipped. */
export interface ReadableFile {
  readonly path: string;
  readonly lines: number;
}

const NEWLINE = 10;
const RETURN = 13;
const COMMA = 44;
const OPEN = 123;
const CLOSE = 125;
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const EMPTY_OBJECT = Buffer.from("{}");

/** Looks at both ends of a line only: what begins with `{` and ends with `}`, no comma before it, is likely an object. */
export function looksLikeObject(bytes: Uint8Array, start: number, end: number): boolean {
  const last = bytes[end - 1] === RETURN ? end - 2 : end - 1;
  const before = bytes[last - 1];
  return (
    bytes[start] === OPEN &&
    bytes[last] === CLOSE &&
    before !== COMMA &&
    before !== 32 &&
    before !== 9 &&
    end - start <= MAX_LINE_BYTES
  );
}

/**
 * Makes a file readable: lines that do not pass become `{}` in a copy, so that the others keep their number. Without such
 * lines it is the file itself.
 */
export async function readableFile(
  path: string,
  tempFolder: string,
  passes: (bytes: Uint8Array, start: number, end: number) => boolean,
): Promise<ReadableFile> {
  const bytes = await readFile(path);
  const parts: Uint8Array[] = [];
  let copied = 0;
  let lines = 0;
  for (let start = 0; start < bytes.length; lines++) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    if (!passes(bytes, start, end)) {
      parts.push(bytes.subarray(copied, start), EMPTY_OBJECT);
      copied = end;
    }
    start = end + 1;
  }
  if (parts.length === 0) return { path, lines };
  const copy = join(tempFolder, `${randomUUID()}.json`);
  await writeFile(copy, Buffer.concat([...parts, bytes.subarray(copied)]));
  return { path: copy, lines };
}
