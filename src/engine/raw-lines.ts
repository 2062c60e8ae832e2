const NEWLINE = 10;

/** Copies of those lines, rising, without their ends; a last line needs none. */
export function pickLines(bytes: Buffer, wanted: readonly number[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  let [line, start] = [0, 0];
  for (const number of wanted) {
    for (; line < number; line++) start = bytes.indexOf(NEWLINE, start) + 1;
    const end = bytes.indexOf(NEWLINE, start);
    found.push(Buffer.from(bytes.subarray(start, end === -1 ? bytes.length : end)));
  }
  return found;
}
