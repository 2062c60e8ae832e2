/** The text of a member's name that a JsonReader passed. */
export function nameText(bytes: Buffer, start: number, end: number, escaped: boolean): string {
  return escaped ? JSON.parse(bytes.toString("utf8", start - 1, end + 1)) : bytes.toString("utf8", start, end);
}
