import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** An NDJSON file that an engine can read: a row for each line, none skipped. */
export interface ReadableFile {
  readonly path: string;
  readonly lines: number;
  /** It holds numbers that an engine may write in another way (1.10 as 1.1). */
  readonly respelled: boolean;
}

const NEWLINE = 10;
const RETURN = 13;
const TAB = 9;
const SPACE = 32;
const COMMA = 44;
const OPEN = 123;
const CLOSE = 125;
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const EMPTY_OBJECT = Buffer.from("{}");

/** Values that are neither texts, plain integers, true, false nor null; over all text, so that most files need one look. */
const UNUSUAL = /"\s*:\s*(?:[[{NIi]|-[^0-9]|n[^u]|-?[0-9]+[.eE]|-0)/;
/** Of these what an engine may take though it is no JSON (NaN, a comma too many in an array), or would write anew. */
const DOUBTFUL = /"\s*:\s*(?:[[{NIi]|-[^0-9]|n[^u])/;
const FRACTION = /"\s*:\s*(?:-?[0-9]+[.eE]|-0)/;

/** Looks at both ends of a line only: what begins with `{` and ends with `}`, no comma before it, is likely an object. */
function looksLikeObject(bytes: Uint8Array, start: number, end: number): boolean {
  const last = bytes[end - 1] === RETURN ? end - 2 : end - 1;
  const before = bytes[last - 1];
  return (
    bytes[start] === OPEN &&
    bytes[last] === CLOSE &&
    before !== COMMA &&
    before !== SPACE &&
    before !== TAB &&
    end - start <= MAX_LINE_BYTES
  );
}

/**
 * Makes a file readable: lines of which an engine's reading may differ from the strict one become `{}` in a copy, so that
 * the others keep their number. Without such lines it is the file itself. `certain` looks at each line by a strict parser.
 */
export async function readableFile(
  path: string,
  tempFolder: string,
  certain: (line: Uint8Array) => boolean = () => true,
): Promise<ReadableFile> {
  const bytes = await readFile(path);
  const text = bytes.toString("latin1");
  const unusual = UNUSUAL.test(text);
  const doubtful = unusual && DOUBTFUL.test(text);
  const parts: Uint8Array[] = [];
  let copied = 0;
  let lines = 0;
  for (let start = 0; start < bytes.length; lines++) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    const passes =
      looksLikeObject(bytes, start, end) &&
      !(doubtful && DOUBTFUL.test(text.slice(start, end))) &&
      certain(bytes.subarray(start, end));
    if (!passes) {
      parts.push(bytes.subarray(copied, start), EMPTY_OBJECT);
      copied = end;
    }
    start = end + 1;
  }
  const respelled = unusual && FRACTION.test(text);
  if (parts.length === 0) return { path, lines, respelled };
  const copy = join(tempFolder, `${randomUUID()}.json`);
  await writeFile(copy, Buffer.concat([...parts, bytes.subarray(copied)]));
  return { path: copy, lines, respelled };
}
