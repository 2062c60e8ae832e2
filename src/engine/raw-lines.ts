import { readWhole } from "./readable-file.ts";

/** The bytes of those lines of a file, rising, without their ends; a last line needs none. */
export async function readLines(path: string, wanted: readonly number[]): Promise<Uint8Array[]> {
  if (wanted.length === 0) return [];
  const bytes = await readWhole(path);
  // Searching a text for a character is far cheaper than searching bytes.
  const text = bytes.toString("latin1");
  const found: Uint8Array[] = [];
  let [line, start] = [0, 0];
  for (const number of wanted) {
    for (; line < number; line++) start = text.indexOf("\n", start) + 1;
    const end = text.indexOf("\n", start);
    // A copy, or so little would keep the whole file in memory.
    found.push(Buffer.from(bytes.subarray(start, end === -1 ? bytes.length : end)));
  }
  return found;
}
