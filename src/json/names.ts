/** The text of a member's name that a JsonReader passed. */
export function nameText(bytes: Buffer, start: number, end: number, escaped: boolean): string {
  return escaped ? JSON.parse(bytes.toString("utf8", start - 1, end + 1)) : bytes.toString("utf8", start, end);
}

/** Whether a name without escapes is this one; `name` is ASCII. */
export function isNamed(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name.charCodeAt(i)) return false;
  return true;
}
