import { isUtf8 } from "node:buffer";
import { createScanner, type Scanner } from "../json/scanner.ts";

let shared: Scanner | undefined;

/**
 * The bytes as one line of JSON: themselves when they are compact JSON already, without the whitespace between tokens
 * when they are JSON otherwise, undefined when they are no JSON text (as JSON.parse understands it, in valid UTF-8).
 */
export function jsonLine(text: Uint8Array): Uint8Array | undefined {
  shared ??= createScanner();
  const { at, cell, compacted, load, wasm } = shared;
  if (!isUtf8(text)) return undefined;
  load(text);
  const end = at.TEXT + text.length;
  const passed = wasm.value(at.TEXT, 0) === end;
  if (passed && (cell(at.FLAGS) & at.SPACED) === 0) return text;
  if (!passed && !isParsed(text)) return undefined;
  return compacted(at.TEXT, end);
}

/** What the scanner refuses may be JSON still: with space around it, nested deeply, with lone surrogates. */
function isParsed(text: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString());
    return true;
  } catch {
    return false;
  }
}
